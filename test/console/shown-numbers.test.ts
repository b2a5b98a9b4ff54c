import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csv } from '../../console/src/views/analytics/csv.ts';
import { change, duration, percent, perSecond, period } from '../../console/src/views/analytics/formats.ts';

describe('CSV', () => {
  /** RFC 4180, read by hand. */
  function read(text: string): string[][] {
    const rows: string[][] = [[]];
    let field = '';
    let isQuoted = false;
    for (let at = 0; at < text.length; at++) {
      const sign = text[at];
      if (isQuoted) {
        if (sign !== '"') field += sign;
        else if (text[at + 1] === '"') field += text[at++];
        else isQuoted = false;
      } else if (sign === '"') isQuoted = true;
      else if (sign === ',' || sign === '\n') {
        rows.at(-1)?.push(field);
        field = '';
        if (sign === '\n') rows.push([]);
      } else if (sign !== '\r' || text[at + 1] !== '\n') field += sign;
    }
    return rows.slice(0, -1);
  }

  it('comes back as it was, and no text of it is a formula', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), (names) => {
        const [header = [], record = []] = read(
          csv(
            names.map(() => 'x'),
            [names],
          ),
        );
        expect(header).toHaveLength(names.length);
        expect(record.map((text, at) => (text === names[at] ? text : text.replace(/^'/, '')))).toEqual(names);
      }),
    );
    for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\r=1', '＝1', '\u00a0=1'])
      expect(read(csv(['x'], [[text]]))[1]?.[0]).toMatch(/^'/);
  });

  it('leaves numbers as they are, and what is not known empty', () => {
    expect(
      csv(
        ['a', 'b'],
        [
          [-1.5, null],
          [undefined, Number.NaN],
        ],
      ),
    ).toBe('a,b\r\n-1.5,\r\n,\r\n');
  });
});

describe('numbers', () => {
  it.each([
    [percent(1), '100%'],
    [percent(0.99999), '99.99%'],
    [percent(0.99973), '99.97%'],
    [percent(0.00002), '< 0.01%'],
    [percent(0), '0%'],
    [percent(Number.NaN), '–'],
    [perSecond(0.5), '30/min'],
    [perSecond(0.001), '3.6/h'],
    [perSecond(12.34), '12.3/s'],
    [duration(0.25), '250 µs'],
    [duration(1070), '1.07 s'],
    [period(300), '5 minutes'],
    [period(5400), '90 minutes'],
    [period(86_400), '1 day'],
    [change(110, 100), '+10%'],
    [change(50, 100), '−50%'],
    [change(100_002, 100_000), '±0%'],
    [change(1, 0), undefined],
  ])('%s', (told, expected) => expect(told).toBe(expected));
});
