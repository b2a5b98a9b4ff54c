import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlainYaml } from '../../src/document/text/yaml-plain.ts';
import { splitYaml } from '../../src/document/text/yaml-split.ts';
import { readAnyYaml, readYaml } from '../../src/document/text/yaml.ts';
import { faultsOf } from './documents.ts';

const parts = (text: string) => [...splitYaml(text)].map(({ start, end }) => text.slice(start, end));
const valuesOf = (text: string) => [...readYaml(text)].map((read) => ('value' in read ? read.value : read.faults));

describe('a YAML file', () => {
  it('is cut at its markers', () => {
    expect(parts('a: 1\n--- # one\nb: 2\n...\n# nothing\n---\n--- {c: 3}\n...\n')).toEqual([
      'a: 1\n',
      '--- # one\nb: 2\n',
      '--- {c: 3}\n',
    ]);
  });

  it('is not cut within a line, or by dashes that go on', () => {
    expect(parts('a: ---\nb: "x --- y"\n----: c\n ---\n')).toHaveLength(1);
  });

  it('is cut even in a quoted text, as YAML demands', async () => {
    const faults = await faultsOf('a: "x\n---\ny"\n');
    expect(faults[0]).toMatch(/^a\.yaml:2:1: not valid YAML: Missing closing "quote/);
  });

  it('may have carriage returns', () => {
    expect(valuesOf('a: x\r\nb:\r\n  c: "y" # why\r\n---\r\nd: z\r\n')).toEqual([
      { a: 'x', b: { c: 'y' } },
      { d: 'z' },
    ]);
  });

  it('means by yes, on, 0o7 and dates what YAML 1.2 means', () => {
    expect(valuesOf('a: [yes, on, 0o7, 2026-01-01, 1_000, 0x1f, ~]\n')).toEqual([
      { a: ['yes', 'on', 7, '2026-01-01', '1_000', 31, null] },
    ]);
  });
});

/** Texts of plain documents, and what looks like them and is something else. */
const TEXTS = `null Null ~ true TRUE yes 1 01 1e3 1.5 .5 -1 +1 0x1f 0o7 .inf .nan 1_000 12e03 2026-01-01 ... . /a/b a:b a#b
- | > *a &a %a @a \`a "a 'a [ {a a] {} [] [a,] {a} 0f9d1f 1e5a = a=b << 0 9007199254740993 é`;
const scalar = fc.oneof(
  { weight: 12, arbitrary: fc.stringMatching(/^[A-Za-z0-9_./@+=-]{1,20}$/) },
  { weight: 6, arbitrary: fc.stringMatching(/^("[ -~]{0,12}"|'[ -~]{0,12}')$/) },
  fc.constantFrom(...TEXTS.split(/\s+/)),
  fc.constantFrom(
    '',
    ' ',
    'a b',
    'a: b',
    'a #b',
    '- a',
    "'it''s'",
    '"a" b',
    'x # c',
    '"x"  # c',
    'x\t',
    '!t x',
    '&a b',
  ),
  fc.constantFrom('{a: b}', '{a: b, c: "d"}', '[a, b]', '[a, {b: c}]', '[ a ]', '{a: }', '{a: b,}', '[a b]', '{a:b}'),
);
const name = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.constantFrom(
      'a',
      'b',
      'kind',
      'metadata',
      'null',
      'true',
      'constructor',
      'x1',
      'spec',
      'c',
      'd',
      'e',
    ),
  },
  fc.constantFrom('x-y', '1', '__proto__', '"q"', '? a', '-', '- a', '# c', ''),
);
type Line = readonly [name: string, value: string | readonly Line[]];
const { lines } = fc.letrec<{ line: Line; lines: readonly Line[] }>((tie) => ({
  line: fc.tuple(name, fc.oneof({ depthSize: 'small' }, scalar, tie('lines'))),
  lines: fc.array(tie('line'), { minLength: 1, maxLength: 4 }),
}));
const written = (tree: readonly Line[], indent: number, width: number): string =>
  tree
    .map(([key, value]) =>
      typeof value === 'string'
        ? `${' '.repeat(indent)}${key}: ${value}\n`
        : `${' '.repeat(indent)}${key}:\n${written(value, indent + width, width)}`,
    )
    .join('');
const slip = fc.tuple(fc.nat(200), fc.nat(1), fc.constantFrom('', ' ', '\n', '#', ':', '-', '"', '{'));
const source = fc
  .tuple(lines, fc.integer({ min: 1, max: 3 }), fc.option(slip), fc.constantFrom('\n', '\r\n'))
  .map(([tree, width, change, ending]) => {
    let text = written(tree, 0, width);
    if (change !== null) text = text.slice(0, change[0]) + change[2] + text.slice(change[0] + change[1]);
    return `${text}\n`.replaceAll('\n', ending);
  });

describe('the reader of plain YAML', () => {
  it('reads what the full parser reads, or leaves it alone', () => {
    let plain = 0;
    fc.assert(
      fc.property(source, (text) => {
        const part = parts(text)[0];
        if (part === undefined) return;
        const value = readPlainYaml(part);
        if (value === undefined) return;
        plain++;
        const full = readAnyYaml(part);
        expect({ part, value }).toEqual({ part, value: 'value' in full ? full.value : full.faults });
      }),
      { numRuns: 20_000 },
    );
    expect(plain).toBeGreaterThan(1000);
  });

  it('reads the documents that there are many of', () => {
    const contract =
      '---\napiVersion: ostiary.dev/v1alpha1\nkind: Contract # one\nmetadata: {name: a-1}\nspec:\n  tier: "gold"\n  n: 12\n';
    expect(readPlainYaml(contract)).toEqual({
      apiVersion: 'ostiary.dev/v1alpha1',
      kind: 'Contract',
      metadata: { name: 'a-1' },
      spec: { tier: 'gold', n: 12 },
    });
  });
});

describe('hostile YAML is a clear fault, and quickly', () => {
  const many = (count: number, of: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => of(i)).join('');
  const cases: Readonly<Record<string, readonly [text: string, fault: RegExp]>> = {
    'a bomb of aliases': [
      `a: &a [x,x]\n${many(20, (i) => `${'bcdefghijklmnopqrstu'[i]}: &${'bcdefghijklmnopqrstu'[i]} [*a, *a]\n`)}`,
      /aliases such as \*name are not supported: write the value out/,
    ],
    'a cyclic anchor': ['a: &a [*a]\n', /aliases/],
    'an alias as a merge key': ['a: &a {b: 1}\nc:\n  <<: *a\n', /aliases/],
    'deep lists in flow style': [`a: ${'['.repeat(200_000)}`, /nested more than 64 levels deep/],
    'deep mappings in flow style': [`a: ${'{a: '.repeat(50_000)}`, /nested more than 64 levels deep/],
    'deep lists in block style': ['- '.repeat(100_000), /nested more than 64 levels deep/],
    'deep complex keys': ['? '.repeat(100_000), /nested more than 64 levels deep/],
    'deep plain mappings': [many(600, (i) => `${' '.repeat(i)}a:\n`), /nested more than 64 levels deep/],
    '100,000 lines that are one mapping': [many(100_000, (i) => `k${i}: 1\n`), /expected "ostiary.dev|at most/],
    '100,000 lines of keys in flow style': [`{${many(90_000, (i) => `k${i}: 1,`)}}`, /expected|at most/],
    '80,000 anchors': [many(80_000, (i) => `k${i}: &a 1\n`), /expected|at most|not valid/],
    '50,000 errors': [many(50_000, () => 'k: k: 1\n'), /at most|nested/],
    'a document of more than 1 MiB': [`a: ${'x'.repeat(1024 * 1024)}\n`, /a document is at most 262144 characters/],
    'an unclosed text of 50,000 lines': [`a: "${'x\n  '.repeat(50_000)}`, /not valid YAML/],
    '200,000 quotes': ['"'.repeat(200_000), /not valid YAML/],
    'a million tabs': [`${'\t'.repeat(1_000_000)}a`, /./],
    'a directive': ['%YAML 1.1\n---\na: yes\n', /directives such as %YAML are not supported/],
    'a tag': ['a: !!python/object x\n', /not valid YAML: Unresolved tag/],
    'a key that is not a text': ['? [a]\n: b\n', /not valid YAML/],
    'comments that end in every way': [`${'#\r\n'.repeat(5000)}a: b`, /expected/],
  };

  it.each(Object.entries(cases))('%s', { timeout: 60_000 }, async (_, [text, fault]) => {
    const faults = await faultsOf(text);
    expect(faults[0]).toMatch(fault);
    expect(faults[0]?.length).toBeLessThan(400);
  });
});
