import type { Moment } from '../clock.ts';
import type { Limit } from '../quota/limit.ts';
import type { Demand, Taking, WindowState } from '../quota/store.ts';
import { sameLimits, wholePeriodMs } from '../quota/window.ts';
import type { Grant, TakeReply } from '../script/script-call.ts';
import type { Counting } from './counting.ts';
import { LEASE_PART, leaseSize, SpendingRate } from './lease-size.ts';
import { Lease } from './lease.ts';
import type { Held } from './lease.ts';
import type { Waiter } from './pending-hit.ts';

// What a replica knows of one descriptor: the counters that a kind of request charges together. Hits of one
// descriptor spend one lease, are asked for in one call, and are refused without a call while what is known
// can't have changed.

/** Resets and returns of units, which other replicas tell. */
export interface News {
  /** All that was told before this moment (monotonic milliseconds) has arrived; -Infinity where that is not known. */
  heardUntil(): number;
  /** Tells the mesh that these counters, which had nothing left, have units again. */
  unitsCameBack(keys: readonly string[]): void;
}

export const NO_NEWS: News = { heardUntil: () => -Infinity, unitsCameBack: () => {} };

interface KnownWindow {
  readonly used: number;
  /** The earliest moment it can end; in the past where it is not open. */
  readonly endMono: number;
}

const NOT_OPEN: KnownWindow = { used: 0, endMono: -Infinity };

/** Where leases may come back and nobody would tell, a refusal is looked at again so soon. */
const RECHECK_LEASED_MS = 250;
/** In exact mode nothing comes back but by a reset; where its message may be missed, so soon. */
const RECHECK_EXACT_MS = 1000;
/** News older than this that has not arrived would be known to be missing. */
const UNHEARD_MS = 1000;
/** What nobody tells, such as a key that was deleted by hand. */
const RECHECK_MS = 60_000;

export class Descriptor {
  demands: readonly Demand[];
  readonly keys: readonly string[];
  readonly lease: Lease;
  /** Whether it is remembered: a lease of one that is not would be lost. */
  readonly isKept: boolean;
  /** What all leases of this replica hold of each counter, and have asked for. */
  readonly #held: readonly Held[];
  readonly rate: SpendingRate;
  /** Hits that wait for a lease. */
  waiting: Waiter[] = [];
  /** Hits for the next exact calls. */
  exact: Waiter[] = [];
  /** A lease is being asked for. */
  asking = false;
  /** Below so many units the next lease is asked for before this one is spent. */
  lowWater = 0;
  usedAt: number;
  /** Rises when limits change: what was asked for under others is void. */
  generation = 0;
  /** Of each counter the epoch of its last reset that this replica has heard of, and when it heard. */
  readonly #resets: { readonly epoch: number; readonly mono: number }[] = [];
  #known: readonly (readonly KnownWindow[])[] = [];
  #knownAt = -Infinity;
  readonly #news: News;
  /** When it heard news of its counters: what was asked for earlier may be older than they are. */
  #newsAt = -Infinity;

  /** @param held one a counter; absent: this descriptor is not remembered */
  constructor(
    demands: readonly Demand[],
    keys: readonly string[],
    mono: number,
    held?: readonly Held[],
    news: News = NO_NEWS,
  ) {
    this.#news = news;
    this.demands = demands;
    this.keys = keys;
    this.isKept = held !== undefined;
    this.#held = held ?? [];
    this.lease = new Lease(this.#held);
    this.rate = new SpendingRate(mono);
    this.usedAt = mono;
  }

  /** Takes over changed limits: what was leased and known under the old ones is void. */
  adopt(demands: readonly Demand[]): Grant | undefined {
    const same = demands.every(({ limits }, d) => sameLimits(limits, this.demands[d]?.limits ?? []));
    this.demands = demands;
    if (same) return undefined;
    this.generation += 1;
    return this.forget();
  }

  /** Drops the lease and what is known, since they are of windows that a reset has closed. */
  resetCounter(key: string, epoch: number, mono: number): void {
    const index = this.keys.indexOf(key);
    if (index < 0) return;
    this.outdate(mono);
    if (epoch <= (this.#resets[index]?.epoch ?? 0)) return;
    this.#resets[index] = { epoch, mono };
    this.forget();
  }

  /** Its counters have changed, or may have: what would be refused by what is known is asked for. */
  outdate(mono: number): void {
    this.#knownAt = -Infinity;
    this.#newsAt = mono;
  }

  /** Whether a reset came between: the grant was asked for before it was heard of, and is of an earlier epoch. */
  isVoid({ epochs, asked }: Pick<Grant, 'epochs' | 'asked'>): boolean {
    return epochs.some((epoch, k) => {
      const reset = this.#resets[k];
      return reset !== undefined && asked.mono <= reset.mono && epoch < reset.epoch;
    });
  }

  /** Drops the lease and what is known. */
  forget(): Grant | undefined {
    this.#known = [];
    this.#knownAt = -Infinity;
    return this.lease.drop();
  }

  /** Remembers what the store has told. */
  learn({ windows }: Pick<TakeReply, 'windows'>, asked: Moment): void {
    this.#known = windows.map((list) =>
      list.map(({ used, leftUs }) => ({ used, endMono: asked.mono + (leftUs > 0 ? leftUs / 1000 : -Infinity) })),
    );
    this.#knownAt = asked.mono;
  }

  /** Whether these demands would be refused, as far as is known. */
  lacks(demands: readonly Demand[], counting: Counting, now: Moment): boolean {
    const units = counting === 'leased' ? this.lease.units(now) : 0;
    for (let d = 0; d < demands.length; d++) {
      const { limits, cost } = demands[d] as Demand;
      for (let i = 0; i < limits.length; i++) {
        const { maximumRequests } = limits[i] as Limit;
        if (cost > maximumRequests) return true;
        const { used, endMono } = this.#known[d]?.[i] ?? NOT_OPEN;
        const left = maximumRequests - used;
        if (endMono > now.mono && cost - units > left && this.#isCurrent(left, counting, now)) return true;
      }
    }
    return false;
  }

  /** Whether a window is known to have nothing left: it is no use to lease ahead. */
  isSpent(now: Moment): boolean {
    return this.#known.some((list, d) =>
      list.some(({ used, endMono }, i) => {
        const left = (this.demands[d]?.limits[i]?.maximumRequests ?? 0) - used;
        return endMono > now.mono && left <= 0 && this.#isCurrent(left, 'leased', now);
      }),
    );
  }

  /**
   * Whether what is known of a window that refuses still holds. Units that come back to one with nothing left
   * are told, resets too; to one with something left, where leases can come back, they are not.
   */
  #isCurrent(left: number, counting: Counting, { mono }: Moment): boolean {
    const ageMs = mono - this.#knownAt;
    if (ageMs < (counting === 'exact' ? RECHECK_EXACT_MS : RECHECK_LEASED_MS)) return true;
    if (left > 0 && counting !== 'exact') return false;
    return ageMs < RECHECK_MS && this.#knownAt > this.#newsAt && mono - this.#news.heardUntil() < UNHEARD_MS;
  }

  /**
   * What a caller is told.
   * @param units leased here: `remaining` is an estimate then, since other replicas hold leases too
   * @param later how many hits of the same call were granted after this one
   */
  taking(granted: boolean, demands: readonly Demand[], now: Moment, units = 0, later = 0): Taking {
    const windows: WindowState[][] = [];
    for (let d = 0; d < demands.length; d++) {
      const { limits, cost } = demands[d] as Demand;
      const known = this.#known[d];
      const states: WindowState[] = [];
      for (let i = 0; i < limits.length; i++) {
        const limit = limits[i] as Limit;
        const { used, endMono } = known?.[i] ?? NOT_OPEN;
        const { maximumRequests } = limit;
        const left = maximumRequests - used + units + later * cost;
        // A window that has refused may have ended on the way back: that is what is told, not one yet to open.
        const hasRefused = !granted && endMono > -Infinity && cost > left;
        if (endMono > now.mono || hasRefused) {
          const remaining = Math.max(0, Math.min(left, maximumRequests));
          states.push({ limit, remaining, resetMs: Math.max(1, endMono - now.mono) });
        } else {
          states.push({ limit, remaining: maximumRequests, resetMs: wholePeriodMs(limit, now.wall) });
        }
      }
      windows.push(states);
    }
    return { granted, windows };
  }

  /** Units this replica should hold. */
  leaseSize(now: Moment): number {
    let shortestMs = Infinity;
    let smallest = Infinity;
    let endMono = Infinity;
    this.demands.forEach(({ limits }, d) =>
      limits.forEach(({ maximumRequests, timePeriodInMilliseconds }, i) => {
        shortestMs = Math.min(shortestMs, timePeriodInMilliseconds);
        smallest = Math.min(smallest, maximumRequests);
        const end = this.#known[d]?.[i]?.endMono ?? -Infinity;
        if (end > now.mono) endMono = Math.min(endMono, end);
      }),
    );
    const size = leaseSize(this.rate.perMs(now.mono), shortestMs, endMono - now.mono, smallest);
    return Math.max(0, Math.min(size, this.#roomBeside()));
  }

  /** While a lease is asked for, other leases of its counters leave room for it. */
  reserve(units: number): void {
    for (const held of this.#held) held.units += units;
  }

  /** Units this lease may hold so that all leases of each counter are within their part of its limits. */
  #roomBeside(): number {
    let room = Infinity;
    this.demands.forEach(({ limits }, d) => {
      const others = (this.#held[d]?.units ?? 0) - this.lease.debited;
      for (const { maximumRequests } of limits) {
        room = Math.min(room, Math.floor(maximumRequests * LEASE_PART) - others);
      }
    });
    return room;
  }

  /** True where nothing would be lost with it. */
  isIdle(now: Moment, idleMs: number): boolean {
    const isUsed = now.mono - this.usedAt < idleMs || this.waiting.length > 0 || this.exact.length > 0 || this.asking;
    return !isUsed && this.lease.debited === 0;
  }
}
