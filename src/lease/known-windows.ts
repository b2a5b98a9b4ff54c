import type { Moment } from '../clock.ts';
import type { Limit } from '../quota/limit.ts';
import type { Demand, Taking, WindowState } from '../quota/store.ts';
import { wholePeriodMs } from '../quota/window.ts';
import type { TakeReply } from '../script/script-call.ts';
import type { Counting } from './counting.ts';

/** Resets and returns of units, which other replicas tell. */
export interface News {
  /** All that was told before this moment (monotonic milliseconds) has arrived; -Infinity where that is not known. */
  heardUntil(): number;
  /** Tells the mesh that these counters, which had nothing left, have units again. */
  unitsCameBack(keys: readonly string[]): void;
}

export const noNews: News = { heardUntil: () => -Infinity, unitsCameBack: () => {} };

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

/** What the store last told of the windows of some counters: callers are told by it, and refused while it holds. */
export class KnownWindows {
  readonly #news: News;
  #known: readonly (readonly KnownWindow[])[] = [];
  #knownAt = -Infinity;
  /** When it heard news of its counters: what was asked for earlier may be older than they are. */
  #newsAt = -Infinity;

  constructor(news: News = noNews) {
    this.#news = news;
  }

  /** Knows what one reply told, for those who ask once. */
  static of(reply: Pick<TakeReply, 'windows'>, asked: Moment): KnownWindows {
    const known = new KnownWindows();
    known.learn(reply, asked);
    return known;
  }

  learn({ windows }: Pick<TakeReply, 'windows'>, asked: Moment): void {
    this.#known = windows.map((list) =>
      list.map(({ used, leftUs }) => ({ used, endMono: asked.mono + (leftUs > 0 ? leftUs / 1000 : -Infinity) })),
    );
    this.#knownAt = asked.mono;
  }

  forget(): void {
    this.#known = [];
    this.#knownAt = -Infinity;
  }

  /** The counters have changed, or may have: nothing is refused by what is known until the store has told again. */
  outdate(mono: number): void {
    this.#knownAt = -Infinity;
    this.#newsAt = mono;
  }

  /**
   * Whether these demands would be refused.
   * @param leasedUnits that are debited already
   */
  lacks(demands: readonly Demand[], counting: Counting, now: Moment, leasedUnits: number): boolean {
    for (let d = 0; d < demands.length; d++) {
      const { limits, cost } = demands[d] as Demand;
      for (let i = 0; i < limits.length; i++) {
        const { maximumRequests } = limits[i] as Limit;
        if (cost > maximumRequests) return true;
        const { used, endMono } = this.#known[d]?.[i] ?? NOT_OPEN;
        const left = maximumRequests - used;
        if (endMono > now.mono && cost - leasedUnits > left && this.#isCurrent(left, counting, now)) return true;
      }
    }
    return false;
  }

  /** Whether a window of these demands has nothing left. */
  areSpent(demands: readonly Demand[], now: Moment): boolean {
    return this.#known.some((list, d) =>
      list.some(({ used, endMono }, i) => {
        const left = (demands[d]?.limits[i]?.maximumRequests ?? 0) - used;
        return endMono > now.mono && left <= 0 && this.#isCurrent(left, 'leased', now);
      }),
    );
  }

  /** When the first open window of these demands can end; Infinity where none is known to be open. */
  firstEndMono(demands: readonly Demand[], { mono }: Moment): number {
    let first = Infinity;
    demands.forEach(({ limits }, d) =>
      limits.forEach((_, i) => {
        const { endMono } = this.#known[d]?.[i] ?? NOT_OPEN;
        if (endMono > mono) first = Math.min(first, endMono);
      }),
    );
    return first;
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
          states.push({ limit, remaining: maximumRequests, resetMs: wholePeriodMs(limit, now) });
        }
      }
      windows.push(states);
    }
    return { granted, windows };
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
}
