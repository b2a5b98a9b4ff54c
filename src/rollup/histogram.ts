/**
 * OpenTelemetry's exponential histogram at scale 3: eight buckets for each doubling. Bucket `i` holds values above `2
 * ** (i / 8)` and up to `2 ** ((i + 1) / 8)`. For milliseconds, the lowest bucket is about a microsecond and the
 * highest nine hours; for octets, the highest starts at 32 MiB. Values beyond are counted in the first or last
 * bucket.
 */
const SCALE = 8;
export const LOWEST_BUCKET = -80;
export const HIGHEST_BUCKET = 200;
export const BUCKETS = HIGHEST_BUCKET - LOWEST_BUCKET + 1;

/**
 * The largest relative error of an estimate: the middle of a bucket is this far from both its ends. It does not hold
 * for the lowest and the highest bucket.
 */
export const ESTIMATE_ERROR = (2 ** (1 / SCALE) - 1) / (2 ** (1 / SCALE) + 1);

/** @param value such as milliseconds; 0 and negative values belong to the lowest bucket */
export function bucketOf(value: number): number {
  const bucket = Math.ceil(Math.log2(value) * SCALE) - 1;
  // True also for NaN and negative values.
  if (!(bucket > LOWEST_BUCKET)) return LOWEST_BUCKET;
  return bucket < HIGHEST_BUCKET ? bucket : HIGHEST_BUCKET;
}

/** The largest value in the bucket. */
export function upperBoundOf(bucket: number): number {
  return 2 ** ((bucket + 1) / SCALE);
}

/** The value that represents the bucket: see {@link ESTIMATE_ERROR}. */
export function middleOf(bucket: number): number {
  const [low, high] = [upperBoundOf(bucket - 1), upperBoundOf(bucket)];
  return (2 * low * high) / (low + high);
}

/** Pairs of a bucket and its count, in ascending order, as in `Measures.durations`. */
export type Buckets = readonly number[];

/** The sum of both. A bucket whose count becomes 0 has no pair. */
export function mergeBuckets(one: Buckets, other: Buckets): number[] {
  if (one.length === 0) return [...other];
  const merged: number[] = [];
  let [at, otherAt] = [0, 0];
  while (at < one.length || otherAt < other.length) {
    const bucket = Math.min(one[at] ?? Number.POSITIVE_INFINITY, other[otherAt] ?? Number.POSITIVE_INFINITY);
    let count = 0;
    if (one[at] === bucket) {
      count += one[at + 1] as number;
      at += 2;
    }
    if (other[otherAt] === bucket) {
      count += other[otherAt + 1] as number;
      otherAt += 2;
    }
    if (count !== 0) merged.push(bucket, count);
  }
  return merged;
}

/**
 * Returns the value below which the given share of all values lies (nearest rank), with the error {@link
 * ESTIMATE_ERROR}.
 * @param share above 0 and at most 1, such as 0.95
 * @returns undefined if there are no values
 */
export function quantileOf(buckets: Buckets, share: number): number | undefined {
  let total = 0;
  for (let at = 1; at < buckets.length; at += 2) total += Math.max(0, buckets[at] as number);
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (let at = 0; at < buckets.length; at += 2) {
    seen += Math.max(0, buckets[at + 1] as number);
    if (seen >= rank) return middleOf(buckets[at] as number);
  }
  return undefined;
}

/**
 * How many values are at most the bound. It is exact if the bound is the upper bound of a bucket, such as a power of
 * two.
 */
export function countUpTo(buckets: Buckets, bound: number): number {
  let count = 0;
  for (let at = 0; at < buckets.length; at += 2) {
    if (upperBoundOf(buckets[at] as number) > bound * (1 + Number.EPSILON * 4)) break;
    count += buckets[at + 1] as number;
  }
  return count;
}
