import { expect, test } from 'vitest';
import { pages, readPage } from './pages.ts';

test.each(pages)('every row of a table of %s has as many cells as its heading, and no table is empty', async (page) => {
  const broken: string[] = [];
  for (const rows of tablesOf(await readPage(page))) {
    const cells = rows.map((row) => row.split(/(?<!\\)\|/).length);
    broken.push(...rows.filter((_, at) => cells[at] !== cells[0]));
    if (rows.length < 3) broken.push(rows.join('\n'));
  }
  expect(broken).toEqual([]);
});

/** Lines that begin with a pipe and follow each other, outside fenced blocks. */
function tablesOf(text: string): readonly string[][] {
  const tables: string[][] = [];
  let isInTable = false;
  for (const line of text.replaceAll(/^```[\s\S]*?^```$/gm, '').split('\n')) {
    const isRow = line.startsWith('|');
    if (isRow && !isInTable) tables.push([]);
    if (isRow) tables.at(-1)?.push(line);
    isInTable = isRow;
  }
  return tables;
}
