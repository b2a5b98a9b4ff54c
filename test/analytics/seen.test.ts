import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Seen } from '../../src/analytics/seen.ts';

const SEQUENCES_PER_PAGE = 8192;
const MOST_PAGES = 1024;

describe('sequences that have been seen', () => {
  test('are new once, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 4_000_000 })), { maxLength: 300 }), (all) => {
        const seen = new Seen();
        const before = new Set<number>();
        for (const sequence of all) {
          expect(seen.add(sequence)).toBe(before.has(sequence) ? 'repeated' : 'new');
          before.add(sequence);
        }
      }),
    );
  });

  test('have six bytes at most', () => {
    const seen = new Seen();
    const last = 2 ** 48 - 1;
    expect([seen.add(last), seen.add(last), seen.add(last - 1), seen.add(0)]).toEqual([
      'new',
      'repeated',
      'new',
      'new',
    ]);
  });

  test('are forgotten from the lowest on: of those nobody can say, and the others stay', () => {
    const seen = new Seen();
    for (let page = 0; page < MOST_PAGES; page++) expect(seen.add(page * SEQUENCES_PER_PAGE)).toBe('new');
    expect(seen.add(0)).toBe('repeated');
    expect(seen.add(MOST_PAGES * SEQUENCES_PER_PAGE)).toBe('new');
    expect(seen.add(0)).toBe('expired');
    expect(seen.add(SEQUENCES_PER_PAGE - 1)).toBe('expired');
    expect(seen.add(SEQUENCES_PER_PAGE)).toBe('repeated');
    expect(seen.add(SEQUENCES_PER_PAGE + 1)).toBe('new');
  });
});
