import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { pages, readPage } from './pages.ts';

test.each(pages)('every link of %s leads somewhere', async (page) => {
  const dead: string[] = [];
  for (const [, target = ''] of (await readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [path = '', fragment] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    const isThere = existsSync(file) && (fragment === undefined || (await anchorsOf(file)).includes(fragment));
    if (!isThere) dead.push(target);
  }
  expect(dead).toEqual([]);
});

/** As forges make them of headings. */
async function anchorsOf(page: string): Promise<string[]> {
  const headings = (await readPage(page)).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
