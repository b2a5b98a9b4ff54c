/** How pauses grow with failures in a row. */
export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * The pause after so many failures in a row: twice as long with each, up to the longest.
 * @param failures at least 1
 * @param random from 0 up to 1
 */
export function backoffMs(failures: number, { firstMs, longestMs }: Backoff, random: number): number {
  return spreadMs(Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30)), random);
}

/** A part of it between half and all: replicas that lost one server do not come back together. */
export function spreadMs(fullMs: number, random: number): number {
  return fullMs * (0.5 + random / 2);
}
