import { backoffMs } from '../backoff.ts';

const BACKOFF = { firstMs: 200, longestMs: 15_000 };
/** One that is restarted is back by then. */
const SOON_MS = 60_000;
/** A connection that is refused costs neither side anything. */
const LONGEST_SOON_MS = 1000;

export interface Away {
  /** Failures in a row, at least 1. */
  readonly failures: number;
  /** How long nothing was heard of a control plane. */
  readonly awayMs: number;
}

/**
 * How long a sidecar waits before it tries its control plane again: short for a minute, so that all are in sync soon after
 * a restart, and then longer and longer.
 * @param random from 0 up to 1: a thousand sidecars do not come back in one moment
 */
export function comingBackMs({ failures, awayMs }: Away, random: number): number {
  const longestMs = awayMs < SOON_MS ? LONGEST_SOON_MS : BACKOFF.longestMs;
  return backoffMs(failures, { ...BACKOFF, longestMs }, random);
}
