import { expect, test } from 'vitest';
import { compileExpression, SUPPORTED_EXPRESSIONS } from '../../src/policy/expression.ts';
import { fencedBlocks, pages, readPage } from './pages.ts';

const page = await readPage('docs/expressions.md');
const section = page.slice(page.indexOf('## Selections'), page.indexOf('\n## ', page.indexOf('## Selections') + 1));

test('docs/expressions.md has a row for every selection there is, and no other', () => {
  const rows = [...section.matchAll(/^\| `(#\[.*?\])` +\|/gm)].map(([, expression = '']) => expression);
  const supported = SUPPORTED_EXPRESSIONS.match(/#\[.*?\](?=,)/g) ?? [];
  expect(new Set(rows)).toEqual(new Set(supported));
});

test('every expression that any page shows is one', async () => {
  const texts = await Promise.all(pages.map(readPage));
  const shown = texts.flatMap((text) => text.match(/#\[[^\]…\n`]+(?:\]\]|\])/g) ?? []);
  const wrong = [...new Set(shown)].filter((source) => {
    try {
      compileExpression(source);
      return false;
    } catch {
      return true;
    }
  });
  expect(shown.length).toBeGreaterThan(10);
  // The one that the page calls misspelt, and the one that an import refuses.
  expect(wrong).toEqual(['#[attributes.remoteAdress]', '#[attributes.method ++ attributes.requestPath]']);
  expect(fencedBlocks(page, 'yaml').join('')).toContain(wrong[0]);
});
