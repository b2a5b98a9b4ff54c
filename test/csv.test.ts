import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csv } from '../src/csv.ts';

/** Reads CSV as RFC 4180 has it. */
function parse(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy)) {
    record.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}

describe('CSV', () => {
  it('keeps every text that is no formula', () => {
    const text = fc
      .string({ unit: 'binary' })
      .filter((given) => !/^[\s\u00a0]*[=+\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/u.test(given));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (records) => {
        expect(parse(csv(['a', 'b'], records))).toEqual([['a', 'b'], ...records]);
      }),
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =cmd', '\r', '=HYPERLINK("http://x","y")', '＝1', '\u00a0=1'])(
    'makes no formula of %j',
    (text) => {
      expect(parse(csv(['name'], [[text]]))[1]).toEqual([`'${text}`]);
    },
  );

  it('leaves numbers as they are, and nothing where there is none', () => {
    expect(csv(['a', 'b', 'c'], [[-1, undefined, 0.5]])).toBe('a,b,c\r\n-1,,0.5\r\n');
    expect(csv(['a', 'b'], [[null, Number.NaN]])).toBe('a,b\r\n,\r\n');
  });
});
