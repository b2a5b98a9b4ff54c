import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage } from './pages.ts';

const page = await readPage('docs/upgrade.md');
const source = join(import.meta.dirname, '../../src');

test('every upgrade note has its row in docs/upgrade.md, and every such row its note', () => {
  const noted = globSync('**/*.ts', { cwd: source }).flatMap((file) => {
    return [...readFileSync(join(source, file), 'utf8').matchAll(/\bupgrade\(\s*'([a-z0-9-]+)'/g)].map(
      ([, id = '']) => id,
    );
  });
  const section = page.slice(page.indexOf('## Documents'), page.indexOf('\n## ', page.indexOf('## Documents') + 1));
  const rows = [...section.matchAll(/^\| `([a-z0-9-]+)`/gm)].map(([, id = '']) => id);
  expect(new Set(rows)).toEqual(new Set(noted));
});

test('every row says what was, what is and what to do', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:-+|what)\b/.test(line));
  for (const row of rows) {
    const cells = row.split(/(?<!\\)\|/).slice(1, -1);
    expect(cells.map((cell) => cell.trim() !== '')).toEqual([true, true, true, true]);
  }
});
