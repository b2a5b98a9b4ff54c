import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { flagName } from '../../src/flags.ts';
import { serveFlags } from '../../src/serve/serve-flags.ts';

const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');

test('docs/operations.md lists every flag of serve with its value and default, and no other', () => {
  const rows = page.matchAll(/^\| `(--[^`]+)` +\| +(?:`([^`]*)` +)?\|/gm);
  const documented = [...rows]
    .map(([, flag = '', fallback = '']) => `${flag.replaceAll(String.raw`\|`, '|')} = ${fallback}`)
    // The table of ports names flags too, without their values.
    .filter((row) => !/^--\S+ = \d+\.\d+\.\d+\.\d+:\d+$/.test(row));
  const existing = Object.entries(serveFlags).map(([key, { placeholder, shown }]) => {
    const value = placeholder === undefined ? '' : ` ${placeholder}`;
    return `--${flagName(key)}${value} = ${shown}`;
  });
  expect(documented.toSorted()).toEqual(existing.toSorted());
});
