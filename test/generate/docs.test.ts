import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runOstiary } from '../real/ostiary.ts';

const guides = join(import.meta.dirname, '../../docs/install');

/** Every line of the guides that calls `ostiary generate`, without what follows a pipe. */
const lines = readdirSync(guides).flatMap((file) =>
  [...readFileSync(join(guides, file), 'utf8').matchAll(/^ostiary (generate [^|>\n]+)/gm)].map(([, line]) => ({
    file,
    line: line?.trim() ?? '',
  })),
);

test('every guide with a cluster or a machine shows how to generate', () => {
  expect(new Set(lines.map(({ file }) => file))).toEqual(
    new Set(['deployment.md', 'sidecar.md', 'gateway.md', 'vm.md']),
  );
});

describe.each(lines)('$file: ostiary $line', ({ line }) => {
  test('prints YAML', async () => {
    const ostiary = await runOstiary(line.split(/\s+/));
    expect([await ostiary.exited, parseAllDocuments(ostiary.output()).flatMap(({ errors }) => errors)]).toEqual([
      0,
      [],
    ]);
    expect(ostiary.output()).toMatch(/^# /);
  });
});

test('the flags that the table of placements names are known', async () => {
  const table = readFileSync(join(guides, 'deployment.md'), 'utf8').matchAll(/\| `(--placement [^`]+)`/g);
  const flags = [...table].map(([, found]) => found ?? '');
  expect(flags).toHaveLength(4);
  for (const each of flags) {
    const ostiary = await runOstiary(['generate', 'envoyfilter', ...each.split(' ')]);
    expect([each, await ostiary.exited]).toEqual([each, 0]);
  }
});
