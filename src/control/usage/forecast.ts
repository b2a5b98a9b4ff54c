/** What is known of one window of one limit. */
export interface WindowState {
  readonly maximumRequests: number;
  /** Units. */
  readonly used: number;
  /** How long until the window ends; undefined: none is open. */
  readonly endsInMs: number | undefined;
}

/** Requests that were let pass lately, in spans of equal length, the oldest first. */
export interface Lately {
  readonly counts: readonly number[];
  readonly spanMs: number;
}

export type Forecast =
  /** It would be a guess. */
  | { readonly kind: 'none' }
  | { readonly kind: 'spent' }
  | { readonly kind: 'spent_in'; readonly inMs: number; readonly ratePerSecond: number }
  | { readonly kind: 'lasts'; readonly ratePerSecond: number };

/** A window that is over sooner is not worth a forecast. */
const SHORTEST_MS = 5 * 60_000;
const FEWEST_REQUESTS = 30;
/** Of the spans, so many have to have requests: one burst is no rate. */
const LEAST_SHARE = 0.5;
/** The busier half has at most so many times the requests of the other. */
const MOST_UNEVEN = 3;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How far back the rate of a window is taken from: long enough that nights count where the window has some. */
export function lookBackMs(windowMs: number): number {
  if (windowMs <= HOUR_MS) return 15 * MINUTE_MS;
  if (windowMs <= DAY_MS) return 6 * HOUR_MS;
  return 7 * DAY_MS;
}

/**
 * When a limit is spent if callers go on as they do, told only where that is more than a guess.
 * @param windowMs its length
 */
export function forecastOf(
  { maximumRequests, used, endsInMs }: WindowState,
  windowMs: number,
  lately: Lately | undefined,
): Forecast {
  if (used >= maximumRequests && endsInMs !== undefined) return { kind: 'spent' };
  if (lately === undefined || windowMs < SHORTEST_MS || endsInMs === undefined) return { kind: 'none' };
  const ratePerSecond = steadyRate(lately);
  if (ratePerSecond === undefined) return { kind: 'none' };
  const inMs = ((maximumRequests - used) / ratePerSecond) * 1000;
  return inMs < endsInMs ? { kind: 'spent_in', inMs, ratePerSecond } : { kind: 'lasts', ratePerSecond };
}

/** @returns undefined: there is too little, or it is too uneven, to say how it goes on */
function steadyRate({ counts, spanMs }: Lately): number | undefined {
  const total = sum(counts);
  const busy = counts.filter((count) => count > 0).length;
  if (total < FEWEST_REQUESTS || busy < counts.length * LEAST_SHARE) return undefined;
  const middle = Math.floor(counts.length / 2);
  const halves = [sum(counts.slice(0, middle)), sum(counts.slice(middle))];
  if (Math.max(...halves) > Math.min(...halves) * MOST_UNEVEN) return undefined;
  return total / ((counts.length * spanMs) / 1000);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
