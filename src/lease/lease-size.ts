// How many units to debit ahead: about what this replica spends in one lease interval, so that a busy
// counter needs a few calls a second whatever its rate, and a quiet one none in advance.

/** A lease is to last so long. */
export const LEASE_INTERVAL_MS = 200;
/** No lease is above this part of any limit: it bounds what a killed replica leaves unspent. */
export const LEASE_PART = 0.05;
/** Of what remains, all replicas together lease at most one part in so many at a time. */
export const SHARE_FACTOR = 2;

const MEASURE_MS = 5;
const MEMORY_MS = 100;

/** Units asked for in a time, forgetting what is long ago. */
export class SpendingRate {
  #since: number;
  #units = 0;
  #perMs = 0;

  constructor(mono: number) {
    this.#since = mono;
  }

  note(units: number): void {
    this.#units += units;
  }

  perMs(mono: number): number {
    const elapsedMs = mono - this.#since;
    if (elapsedMs >= MEASURE_MS) {
      const weight = elapsedMs / (elapsedMs + MEMORY_MS);
      this.#perMs += (this.#units / elapsedMs - this.#perMs) * Math.max(weight, this.#perMs === 0 ? 1 : 0);
      this.#units = 0;
      this.#since = mono;
    }
    return this.#perMs;
  }
}

/**
 * The units a lease should hold: 0 where every hit is to ask.
 * @param ratePerMs units this replica spends in a millisecond
 * @param shortestMs length of the shortest window
 * @param leftMs until the first open window ends; Infinity where that is not known
 * @param smallest the smallest limit
 */
export function leaseSize(ratePerMs: number, shortestMs: number, leftMs: number, smallest: number): number {
  const intervalMs = Math.min(LEASE_INTERVAL_MS, shortestMs / 10, Math.max(0, leftMs));
  return Math.floor(Math.min(ratePerMs * intervalMs, smallest * LEASE_PART));
}
