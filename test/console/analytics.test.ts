import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  addressWith,
  conditionsOf,
  filterOf,
  filtersOf,
  filterText,
  narrowed,
} from '../../console/src/views/analytics/filters.ts';
import {
  DAY_S,
  HOUR_S,
  isoOf,
  lengthOf,
  rangeOf,
  rangeQuery,
  refreshOf,
  stepOf,
  timeOf,
  zoomed,
} from '../../console/src/views/analytics/ranges.ts';
import {
  alignedTo,
  gapsOf,
  isOpenAlone,
  rateOf,
  seriesOf,
  valuesOf,
} from '../../console/src/views/analytics/series.ts';

const NOON = Date.UTC(2026, 10, 28, 12);
const iso = (offsetS: number): string => isoOf(NOON + offsetS * 1000);

describe('a range', () => {
  it.each([
    ['', { kind: 'last', id: '24h', lengthS: DAY_S }],
    ['last=7d', { kind: 'last', id: '7d', lengthS: 7 * DAY_S }],
    ['last=forever', { kind: 'last', id: '24h', lengthS: DAY_S }],
    [`from=${iso(-60)}&until=${iso(0)}`, { kind: 'between', fromMs: NOON - 60_000, untilMs: NOON }],
    // The wrong way round, too short, or no time at all.
    [`from=${iso(0)}&until=${iso(-60)}`, { kind: 'last', id: '24h', lengthS: DAY_S }],
    [`from=${iso(0)}&until=${iso(59)}&last=1h`, { kind: 'last', id: '1h', lengthS: HOUR_S }],
    ['from=yesterday&until=now', { kind: 'last', id: '24h', lengthS: DAY_S }],
  ])('of the address ?%s', (query, range) => {
    expect(rangeOf(new URLSearchParams(query))).toEqual(range);
  });

  it('comes back from the address that it gives', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60, max: 100 * DAY_S }),
        fc.integer({ min: 0, max: 400 * DAY_S }),
        (length, agoS) => {
          const untilMs = NOON - agoS * 1000;
          const range = { kind: 'between', fromMs: untilMs - length * 1000, untilMs } as const;
          const query = Object.entries(rangeQuery(range)).filter(
            (entry): entry is [string, string] => entry[1] !== undefined,
          );
          expect(rangeOf(new URLSearchParams(query))).toEqual(range);
          expect(timeOf(range)).toEqual({ since: isoOf(range.fromMs), until: isoOf(untilMs) });
        },
      ),
    );
  });

  it('has a step with at most 180 points, which is kept so finely', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60, max: 400 * DAY_S }),
        fc.integer({ min: 0, max: 400 * DAY_S }),
        (length, agoS) => {
          const range = {
            kind: 'between',
            fromMs: NOON - (agoS + length) * 1000,
            untilMs: NOON - agoS * 1000,
          } as const;
          const step = stepOf(range, NOON);
          expect(lengthOf(range) / step).toBeLessThanOrEqual(180);
          expect(step % 10).toBe(0);
          if (agoS + length > 30 * DAY_S) expect(step % HOUR_S).toBe(0);
          else if (agoS + length > 2 * HOUR_S) expect(step % 60).toBe(0);
        },
      ),
    );
    expect(stepOf({ kind: 'last', id: '1h', lengthS: HOUR_S }, NOON)).toBe(30);
    expect(stepOf({ kind: 'last', id: '90d', lengthS: 90 * DAY_S }, NOON)).toBe(43_200);
  });

  it('is asked for again while it is not past', () => {
    const past = { kind: 'between', fromMs: NOON - 7_200_000, untilMs: NOON - 3_600_000 } as const;
    expect(refreshOf(past, 60, NOON)).toBeUndefined();
    expect(refreshOf({ ...past, untilMs: NOON + 1000 }, 60, NOON)).toBe(30);
    expect(refreshOf({ kind: 'last', id: '90d', lengthS: 90 * DAY_S }, 43_200, NOON)).toBe(300);
  });

  it('that was dragged has whole spans, and at least a minute', () => {
    expect(zoomed(1234.5, 1301.2, 60)).toEqual({ kind: 'between', fromMs: 1_200_000, untilMs: 1_320_000 });
    expect(zoomed(1231, 1239, 10)).toEqual({ kind: 'between', fromMs: 1_230_000, untilMs: 1_290_000 });
  });
});

const anyFilter = fc.record({
  dimension: fc.constantFrom('api', 'client', 'status', 'route'),
  value: fc.string({ unit: 'binary', maxLength: 20 }),
  isExcluded: fc.boolean(),
});

describe('filters', () => {
  it('come back from their text, and from the address', () => {
    fc.assert(
      fc.property(fc.array(anyFilter, { maxLength: 8 }), (filters) => {
        for (const filter of filters) expect(filterOf(filterText(filter))).toEqual(filter);
        const unique = filters.filter(
          (each, at) => filters.findIndex((one) => filterText(one) === filterText(each)) === at,
        );
        const address = addressWith(new URL('http://x/analytics?last=7d&where=api=old'), filters, { at: 'now' });
        const query = new URL(address, 'http://x').searchParams;
        // Half of a pair of code units is no text that an address can have.
        if (filters.every(({ value }) => value.isWellFormed())) expect(filtersOf(query)).toEqual(unique);
        expect([query.get('last'), query.get('at')]).toEqual(['7d', 'now']);
      }),
    );
  });

  it('that mean nothing are left out', () => {
    for (const text of ['', 'api', 'nothing=x', '=x', '__proto__=x']) expect(filterOf(text)).toBeUndefined();
  });

  it('of one dimension are alternatives, and what is excluded is apart', () => {
    const filters = ['status=5xx', 'client=', 'status=429', 'status!=503'].flatMap((text) => filterOf(text) ?? []);
    expect(conditionsOf(filters)).toEqual([
      { dimension: 'status', values: ['5xx', '429'], excluded: false },
      { dimension: 'client', values: [''], excluded: false },
      { dimension: 'status', values: ['503'], excluded: true },
    ]);
    expect(narrowed(filters, 'status', '500').map(filterText)).toEqual(['client=', 'status!=503', 'status=500']);
  });
});

describe('a series', () => {
  const rows = [
    { start: iso(0), usage: { count: '600', errors: '6', durations: { p95: 12 } } },
    { start: iso(120), usage: { count: '30' } },
  ];
  const spans = [0, 60, 120].map((offset) => ({ start: iso(offset) }));
  const answer = { since: iso(0), until: iso(270), resolution: '60s', rows, spans };

  it('has a value where something is known, 0 where nobody called, and none where nothing is known or it has not ended', () => {
    const series = seriesOf(answer, 60);
    const rate = valuesOf(series, series.rows[0], ({ count }, span) => rateOf(count, span));
    expect(rate).toEqual([10, 0, 0.5, null, null]);
    expect(valuesOf(series, series.rows[0], ({ p95 }) => p95)).toEqual([12, null, null, null, null]);
    expect(gapsOf(series)).toEqual([[NOON / 1000 + 180, NOON / 1000 + 240]]);
    // Nobody called at all.
    expect(valuesOf(series, undefined, ({ count }) => count)).toEqual([0, 0, 0, null, null]);
  });

  it('whose first span is cut has the rate of what there is', () => {
    const series = seriesOf({ ...answer, since: iso(30) }, 60);
    expect(valuesOf(series, series.rows[0], ({ count }, span) => rateOf(count, span))[0]).toBe(20);
  });

  it('has the spans that the answer has, where counts are coarser', () => {
    expect(seriesOf({ ...answer, since: iso(0), until: iso(7200), resolution: '3600s' }, 60).spans).toHaveLength(2);
  });

  it('of a week before is moved to this one', () => {
    const now = seriesOf(answer, 60);
    const week = 7 * DAY_S;
    const before = seriesOf(
      {
        ...answer,
        since: iso(-week),
        until: iso(180 - week),
        rows: [{ start: iso(60 - week), usage: { count: '60' } }],
        spans: [{ start: iso(60 - week) }],
      },
      60,
    );
    const values = valuesOf(before, before.rows[0], ({ count }) => count);
    expect(alignedTo(now.spans, before, values, week)).toEqual([null, 60, null, null, null]);
  });
});

test('the first minutes are told from a time of which nothing is known', () => {
  const span = { startS: 0, coveredS: 600, isKnown: true, isOpen: false };
  const [gap, open] = [
    { ...span, isKnown: false },
    { ...span, isOpen: true },
  ];
  expect(isOpenAlone({ spans: [gap, open] })).toBe(true);
  expect(isOpenAlone({ spans: [gap, span, open] })).toBe(false);
  expect(isOpenAlone({ spans: [gap, { ...gap, isOpen: true }] })).toBe(false);
});
