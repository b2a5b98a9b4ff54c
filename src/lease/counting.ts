import type { Demand } from '../quota/store.ts';

/**
 * How a kind of request is decided: from leases; exactly; or exactly although others lease from its counters, so that
 * units may come back to them.
 */
export type Counting = 'leased' | 'exact' | 'mixed';

/**
 * A window that is shorter than this many of the longest round trips, or than this time, may end before its lease is
 * spent.
 */
const LEAST_WINDOW_TRIPS = 10;
const LEAST_WINDOW_MS = 500;

export interface CountingOptions {
  /** The default for demands without a choice. */
  readonly quota: 'exact' | 'leased';
  readonly storeTimeoutMs: number;
}

/**
 * A lease holds the same units of every counter: demands that cost differently are decided exactly.
 * @param isKept a lease would be remembered
 */
export function countingOf(
  demands: readonly Demand[],
  isKept: boolean,
  { quota, storeTimeoutMs }: CountingOptions,
): Counting {
  const leastMs = Math.min(LEAST_WINDOW_TRIPS * storeTimeoutMs, LEAST_WINDOW_MS);
  const cost = demands[0]?.cost;
  let fits = isKept;
  let leased = 0;
  for (const demand of demands) {
    if ((demand.terms?.quota ?? quota) === 'leased') leased += 1;
    if (demand.cost !== cost) fits = false;
    for (const limit of demand.limits) if (limit.timePeriodInMilliseconds < leastMs) fits = false;
  }
  if (leased === 0) return 'exact';
  return fits && leased === demands.length ? 'leased' : 'mixed';
}
