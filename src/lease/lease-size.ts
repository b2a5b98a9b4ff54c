import type { Demand } from '../quota/store.ts';
import type { Wish } from '../script/script-call.ts';

// How many units to debit ahead: about as many as this replica spends in one lease interval. So a busy counter needs a
// few calls a second at any rate, and a quiet one debits nothing ahead.

/** How long a lease should last. */
export const LEASE_INTERVAL_MS = 200;
/** A lease is at most this part of each limit. This bounds the units that a killed replica leaves unspent. */
const LEASE_PART = 0.05;
/** All replicas together lease at most this part (1 in N) of what remains at a time. */
const SHARE_FACTOR = 2;

const MEASURE_MS = 5;
const MEMORY_MS = 100;

/** A smaller lease is spent before the next one is requested. */
const SMALLEST_AHEAD = 8;

/** The rate at which units are requested; older requests count less. */
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
 * The units a lease should hold: 0 if every hit is to ask.
 * @param ratePerMs units this replica spends in a millisecond
 * @param shortestMs length of the shortest window
 * @param leftMs until the first open window ends; Infinity if that is not known
 * @param smallest the smallest limit
 */
export function leaseSize(ratePerMs: number, shortestMs: number, leftMs: number, smallest: number): number {
  const intervalMs = Math.min(LEASE_INTERVAL_MS, shortestMs / 10, Math.max(0, leftMs));
  return Math.floor(Math.min(ratePerMs * intervalMs, smallest * LEASE_PART));
}

/**
 * The units a lease of these demands should hold, so that all leases of each counter are within their part of its
 * limits.
 * @param leftMs until the first open window ends; Infinity if that is not known
 * @param leasedByOthers units that other leases of this replica hold of the counter of a demand
 */
export function sizeWithinLimits(
  demands: readonly Demand[],
  ratePerMs: number,
  leftMs: number,
  leasedByOthers: (d: number) => number,
): number {
  let shortestMs = Infinity;
  let smallest = Infinity;
  let room = Infinity;
  demands.forEach(({ limits }, d) => {
    const others = leasedByOthers(d);
    for (const { maximumRequests, timePeriodInMilliseconds } of limits) {
      shortestMs = Math.min(shortestMs, timePeriodInMilliseconds);
      smallest = Math.min(smallest, maximumRequests);
      room = Math.min(room, Math.floor(maximumRequests * LEASE_PART) - others);
    }
  });
  return Math.max(0, Math.min(leaseSize(ratePerMs, shortestMs, leftMs, smallest), room));
}

/**
 * How many units to request, so that the pending hits are served and the lease then has its size.
 * @param costs of the hits that wait, in their order
 * @param leasedUnits that can be spent now
 */
export function wishFor(costs: readonly number[], leasedUnits: number, size: number, replicas: number): Wish {
  const pendingUnits = costs.reduce((sum, cost) => sum + cost, 0);
  const need = Math.max(0, pendingUnits - leasedUnits);
  const want = need + Math.max(0, size - Math.max(0, leasedUnits - pendingUnits));
  const [first] = costs;
  const least = Math.max(1, first === undefined ? 1 : first - leasedUnits);
  return { want, least, need, share: SHARE_FACTOR * replicas };
}

/** With fewer units left of a lease of that size, the next one is requested. */
export function lowWaterOf(size: number): number {
  return size >= SMALLEST_AHEAD ? size >> 2 : 0;
}
