import { describe, expect, it, test } from 'vitest';
import { completenessLine } from '../../../src/cli/analytics/completeness.ts';
import { shortened, shown, widthOf } from '../../../src/cli/analytics/shown.ts';
import { table } from '../../../src/cli/analytics/table.ts';
import { columnsOf } from '../../../src/cli/analytics/terminal.ts';
import { bytes, duration, percent, period, rate, shortPercent, whole } from '../../../src/cli/analytics/units.ts';
import { create } from '@bufbuild/protobuf';
import { CompletenessSchema } from '../../../gen/ostiary/v1/analytics_pb.js';

test.each([
  [whole(1_204_311), '1,204,311'],
  [percent(0.999_824), '99.98 %'],
  [percent(0.999_999), '> 99.99 %'],
  [percent(1), '100.00 %'],
  [percent(0.000_001), '< 0.01 %'],
  [percent(0), '0.00 %'],
  [shortPercent(0.1234), '12 %'],
  [shortPercent(0.0649), '6.5 %'],
  [shortPercent(0.000_42), '0.042 %'],
  [shortPercent(0.000_001), '< 0.01 %'],
  [shortPercent(0.999_999), '> 99 %'],
  [shortPercent(1), '100 %'],
  [shortPercent(0), '0 %'],
  [duration(0), '0 ms'],
  [duration(0.0101), '10.1 µs'],
  [duration(0.4213), '421 µs'],
  [duration(0.999_9), '1 ms'],
  [duration(999.9), '1,000 ms'],
  [duration(1300), '1.3 s'],
  [bytes(999), '999 B'],
  [bytes(1000), '1 kB'],
  [bytes(1_234_567), '1.23 MB'],
  [bytes(-2500), '-2.5 kB'],
  [period(60_000), '1 min'],
  [period(90_000), '90 s'],
  [period(2_678_400_000), '31 d'],
  [period(1500), '1,500 ms'],
  [rate(0.025), '0.025'],
  [rate(0.0001), '< 0.001'],
  [rate(1234.5), '1,235'],
])('%j', (text, expected) => {
  expect(text).toBe(expected);
});

describe('a name', () => {
  it('moves no cursor and turns no writing', () => {
    expect(shown('a\u001b[31m\u202eb\u2028c\r\nd')).toBe('a\\u{1b}[31m\\u{202e}b\\u{2028}c\\u{d}\\u{a}d');
  });

  it('is as wide as it is shown', () => {
    expect(['abc', '注文', 'e\u0301', '🚀'].map(widthOf)).toEqual([3, 4, 1, 2]);
  });

  it('keeps columns aligned', () => {
    const columns = [{ title: 'name' }, { title: 'n', isNumber: true }];
    expect(
      table(
        columns,
        [
          ['注文', '1'],
          ['x', '22'],
        ],
        { last: ['all', '23'] },
      ),
    ).toBe(`\
name   n
────  ──
注文   1
x     22
────  ──
all   23
`);
  });
});

describe('where there is little room', () => {
  const columns = [
    { title: 'client' },
    { title: 'requests', isNumber: true },
    { title: 'p95', isNumber: true, spare: 1 },
    { title: 'sent', isNumber: true, spare: 2 },
  ];
  const rows = [['a-client-with-a-very-long-name', '1,204', '4.21 ms', '1.2 MB']];

  it('columns that are spare go first, and are named', () => {
    expect(table(columns, rows, { width: 50 })).toBe(`\
client                          requests      p95
──────────────────────────────  ────────  ───────
a-client-with-a-very-long-name     1,204  4.21 ms
no room for sent
`);
  });

  it('then names lose their middle, down to twelve characters', () => {
    expect(table(columns, rows, { width: 30 })).toBe(`\
client                requests
────────────────────  ────────
a-client-w…long-name     1,204
no room for p95, sent
`);
    expect(table(columns, rows, { width: 5 })).toContain('a-clie…-name     1,204');
  });

  it('a wide character is cut as a whole', () => {
    expect(shortened('注文サービス', 12)).toBe('注文サービス');
    expect(shortened('注文サービス', 8)).toBe('注文…ス');
    expect(widthOf(shortened('注文サービス', 7))).toBeLessThanOrEqual(7);
  });

  it('COLUMNS goes before the terminal, and a pipe has room for all', () => {
    expect(columnsOf({ COLUMNS: '100' }, { columns: 80 })).toBe(100);
    expect(columnsOf({}, { columns: 80 })).toBe(80);
    expect(columnsOf({ COLUMNS: 'wide' }, {})).toBe(Infinity);
  });
});

describe('the line of completeness', () => {
  const line = (parts: Parameters<typeof create<typeof CompletenessSchema>>[1]) =>
    completenessLine(create(CompletenessSchema, parts));

  it.each([
    [{ decided: 10n, reported: 10n }, '100.00 % of 10 decisions reported'],
    [{ decided: 10n, reported: 5n, unreported: 5n }, '50.00 % of 10 decisions reported; 5 not reported'],
    [{ decided: 3n, open: 3n }, 'no decision reported yet; 3 under way'],
    [
      { decided: 9n, reported: 1n, unknown: 8n, folded: 4n },
      '11.11 % of 9 decisions reported; 8 nobody can tell of; 4 counted under _other',
    ],
    [{}, 'no decision was counted in this time: see --since, and whether Envoy streams its access log'],
  ])('%#', (parts, expected) => {
    expect(line(parts)).toBe(expected);
  });

  it('says where it is not known', () => {
    expect(completenessLine(undefined, 4n)).toBe('how many decisions were not reported is not known of this time');
  });

  it('names the worst Envoys, and counts the others', () => {
    const unreportedBy = ['a:1', 'b:1', 'c:1', 'd:1'].map((envoy) => ({ envoy, decided: 9n, unreported: 1n }));
    expect(line({ decided: 40n, reported: 36n, unreported: 4n, unreportedBy })).toBe(
      '90.00 % of 40 decisions reported; 4 not reported by a:1, b:1, c:1 and 1 more',
    );
  });
});
