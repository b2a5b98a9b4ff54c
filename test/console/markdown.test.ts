import { Marked } from 'marked';
import { describe, expect, test } from 'vitest';
import { markdownOf } from '../../console/src/markdown/markdown.tsx';
import { safeLink } from '../../console/src/markdown/safe-link.ts';
import { plainText } from '../../console/src/views/catalog/plain-text.ts';

interface Node {
  readonly type?: unknown;
  readonly props?: { readonly children?: unknown } & Readonly<Record<string, unknown>>;
}

/** Elements as text, with the attributes that matter. */
function drawn(node: unknown): string {
  if (node === null || node === undefined || typeof node === 'boolean') return '';
  if (Array.isArray(node)) return node.map(drawn).join('');
  if (typeof node === 'string' || typeof node === 'number') return String(node);
  const { props = {}, type } = node as Node;
  const href = typeof props['href'] === 'string' ? ` ${props['href']}` : '';
  return `‹${String(type)}${href}›${drawn(props.children)}‹/›`;
}

const read = (text: string, below = 1): string =>
  drawn(markdownOf(text, below, (given) => new Marked({ gfm: true }).lexer(given)));

describe('Markdown of others', () => {
  test.each([
    ['**a** _b_ `c<d` ~~e~~', '‹p›‹strong›a‹/› ‹em›b‹/› ‹code›c<d‹/› ‹del›e‹/›‹/›'],
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['a <img src=x onerror=alert(1)> b', '‹p›a <img src=x onerror=alert(1)> b‹/›'],
    ['[x](javascript:alert(1))', '‹p›x‹/›'],
    ['[x](JaVaScRiPt&colon;alert(1))', '‹p›x‹/›'],
    ['[x](data:text/html,hi) [y](/logout) [z](//evil.example.com)', '‹p›x y z‹/›'],
    ['[x](https://a.example.com/ "t")', '‹p›‹a https://a.example.com/›x‹/›‹/›'],
    ['![p](https://evil.example.com/p.png)', '‹p›‹span›p‹/›‹/›'],
    ['a &lt; b &amp;amp;', '‹p›a < b &amp;‹/›'],
    ['- [x] a\n- b', '‹ul›‹li›☑ a‹/›‹li›b‹/›‹/›'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test('has titles that continue those of the page, none left out', () => {
    expect(read('# a\n\n### b\n\n# c')).toBe('‹h2›a‹/›‹h3›b‹/›‹h2›c‹/›');
    expect(read('### b\n\n# a', 2)).toBe('‹h3›b‹/›‹h3›a‹/›');
  });

  test('that is nested for ever is drawn to a depth, in a moment', () => {
    expect(read(`${'> '.repeat(40)}x`)).toMatch(/> > x/);
    // Shown as it is written.
    expect(read(`${'> '.repeat(5000)}x`)).toBe('');
    expect(read(`${'*'.repeat(20_000)}x`)).toContain('x');
  });

  test('whose signs of emphasis would hold up the page for minutes is shown as it is written', () => {
    // Each sign is looked for an end in the rest of its paragraph.
    for (const part of ['***a_', '_a', '**a', '~~a*'])
      expect(read(part.repeat(Math.ceil(20_000 / part.length)))).toBe('');
    const ordinary = 'A _word_ of **some** in `a_b` and *another*.\n'.repeat(20);
    expect(read(`${ordinary}\n`.repeat(40))).toContain('‹em›word‹/›');
  });
});

test.each(['javascript:alert(1)', ' java\nscript:alert(1)', '/x', '', 'https://user:pw@a/', 'vbscript:x', 'blob:x'])(
  '%j is no link',
  (href) => {
    expect(safeLink(href)).toBeUndefined();
  },
);

test('a line of a list has the first paragraph, without signs', () => {
  expect(plainText('# Title\n\nThe *first* [one](x).\n\nMore')).toBe('The first one.');
  expect(plainText('x'.repeat(500))).toHaveLength(240);
});
