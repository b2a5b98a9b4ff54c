import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readPage } from './pages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const architecture = await readPage('docs/architecture.md');

/** Every path below `src/` that a page names in code marks. */
function pathsOf(page: string): string[] {
  return [...page.matchAll(/`(src\/[^`\s]*)`/g)].map(([, path = '']) => path);
}

test.each(['docs/architecture.md', 'docs/glossary.md', 'CONTRIBUTING.md', 'docs/upgrade.md'])(
  'every file below src/ that %s names exists',
  async (page) => {
    const named = pathsOf(await readPage(page));
    expect(named.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  },
);

test('docs/architecture.md has five walks, each a list of files with a sentence', () => {
  const walks = architecture.split(/^## Walk \d: /m).slice(1);
  expect(walks).toHaveLength(5);
  for (const walk of walks) {
    const stops = walk.match(/^\d+\. .*(?:\n {2,}\S.*)*/gm) ?? [];
    expect(stops.length).toBeGreaterThanOrEqual(5);
    expect(stops.filter((stop) => pathsOf(stop).length === 0 || !stop.endsWith('.'))).toEqual([]);
  }
});

test('docs/architecture.md has a row for every room, and no other', () => {
  const rows = [...architecture.matchAll(/^\| +(`src\/[^|]*?) +\|/gm)].flatMap(([, cell = '']) => pathsOf(cell));
  const folders = rows.filter((path) => path.endsWith('/')).map((path) => path.slice('src/'.length, -1));
  const rooms = readdirSync(`${root}src`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.toSorted()).toEqual(rooms.map(({ name }) => name).toSorted());
});

test('docs/glossary.md has each term once', async () => {
  const terms = [...(await readPage('docs/glossary.md')).matchAll(/^\| ([^|]+?) +\|/gm)]
    .map(([, term = '']) => term)
    .filter((term) => term !== 'term' && !term.startsWith('-'));
  expect(terms.length).toBeGreaterThan(40);
  expect(terms.filter((term, at) => terms.indexOf(term) !== at)).toEqual([]);
});
