import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketOf,
  countUpTo,
  ESTIMATE_ERROR,
  HIGHEST_BUCKET,
  LOWEST_BUCKET,
  mergeBuckets,
  quantileOf,
  upperBoundOf,
} from '../../src/rollup/histogram.ts';

/** Between the ends of the lowest and of the highest bucket. */
const value = fc.double({ min: upperBoundOf(LOWEST_BUCKET), max: upperBoundOf(HIGHEST_BUCKET - 1), noNaN: true });
const values = fc.array(fc.oneof(value, fc.double({ min: 0.1, max: 2000, noNaN: true })), {
  minLength: 1,
  maxLength: 200,
});

function bucketsOf(sample: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const each of sample) counts.set(bucketOf(each), (counts.get(bucketOf(each)) ?? 0) + 1);
  return [...counts].toSorted(([a], [b]) => a - b).flat();
}

describe('the exponential histogram', () => {
  it('puts a value into the bucket between whose bounds it lies', () => {
    fc.assert(
      fc.property(value, (each) => {
        const bucket = bucketOf(each);
        expect(each).toBeLessThanOrEqual(upperBoundOf(bucket) * (1 + 1e-12));
        expect(each).toBeGreaterThan(upperBoundOf(bucket - 1) * (1 - 1e-12));
      }),
    );
    expect([1, 2, 4, 0.5, 1024, 65_536].map(bucketOf)).toEqual([-1, 7, 15, -9, 79, 127]);
  });

  it('keeps what is no length of time, or beyond its bounds, at its ends', () => {
    expect([0, -0, -1, Number.NaN, Number.NEGATIVE_INFINITY, 1e-9].map(bucketOf)).toEqual(
      Array.from({ length: 6 }, () => LOWEST_BUCKET),
    );
    expect([1e300, Number.POSITIVE_INFINITY].map(bucketOf)).toEqual([HIGHEST_BUCKET, HIGHEST_BUCKET]);
  });

  it('estimates any quantile within the error that it states', () => {
    expect(ESTIMATE_ERROR).toBeLessThanOrEqual(0.045);
    const share = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(values, share, (sample, wanted) => {
        const sorted = sample.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(sorted.length * wanted)) - 1] as number;
        const estimate = quantileOf(bucketsOf(sample), wanted) as number;
        expect(Math.abs(estimate - exact) / exact).toBeLessThanOrEqual(ESTIMATE_ERROR + 1e-9);
      }),
      { numRuns: 500 },
    );
    expect(quantileOf([], 0.5)).toBeUndefined();
    // Corrections alone.
    expect(quantileOf([3, -1], 0.5)).toBeUndefined();
  });

  it('merges by adding, in any order, and takes back what it added', () => {
    fc.assert(
      fc.property(values, values, values, (...samples) => {
        const [a, b, c] = samples.map(bucketsOf) as [number[], number[], number[]];
        expect(mergeBuckets(a, mergeBuckets(b, c))).toEqual(mergeBuckets(mergeBuckets(a, b), c));
        expect(mergeBuckets(a, b)).toEqual(mergeBuckets(b, a));
        expect(mergeBuckets(mergeBuckets(a, b), c)).toEqual(bucketsOf(samples.flat()));
        const taken = b.map((each, at) => (at % 2 === 0 ? each : -each));
        expect(mergeBuckets(mergeBuckets(a, b), taken)).toEqual(a);
      }),
    );
  });

  it('counts exactly what is at most a power of two', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: -8, max: 20 }), (sample, exponent) => {
        const bound = 2 ** exponent;
        expect(countUpTo(bucketsOf(sample), bound)).toBe(sample.filter((each) => each <= bound).length);
      }),
    );
  });
});
