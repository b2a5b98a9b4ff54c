import type { Moment } from '../clock.ts';
import type { Limit } from '../quota/limit.ts';
import type { Demand, Taking, WindowState } from '../quota/store.ts';
import { wholePeriodMs } from '../quota/window.ts';
import type { TakeReply } from '../script/script-call.ts';
import type { Counting } from './counting.ts';

/** Messages of other replicas about resets and returned units. */
export interface News {
  /** All messages sent before this moment (monotonic milliseconds) have arrived; -Infinity if that is unknown. */
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

/** If leases may come back without a message, a refusal is checked again after this time. */
const RECHECK_LEASED_MS = 250;
/**
 * In exact mode units come back only by a reset; if its message may be missed, a refusal is checked again after this
 * time.
 */
const RECHECK_EXACT_MS = 1000;
/** If news older than this had not arrived, it would be known to be missing. */
const UNHEARD_MS = 1000;
/** For changes without a message, such as a key that was deleted by hand. */
const RECHECK_MS = 60_000;

/**
 * The store's last answer about the windows of some counters. It fills rate headers, and refuses callers while it is
 * valid.
 */
export class KnownWindows {
  readonly #news: News;
  #known: readonly (readonly KnownWindow[])[] = [];
  #knownAt = -Infinity;
  /** When news of its counters arrived: answers to earlier questions may be older than the news. */
  #newsAt = -Infinity;

  constructor(news: News = noNews) {
    this.#news = news;
  }

  /** Known windows of one reply, for descriptors that are used once. */
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

  /** The counters have changed, or may have: the known windows refuse nothing until the store has answered again. */
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

  /** When the first open window of these demands can end; Infinity if none is known to be open. */
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
        // A window that has refused may have ended on the way back. The caller is told of that window, not of the next
        // one.
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
   * Whether the known state of a refusing window is still valid. There are messages for resets, and for units that
   * return to a window with nothing left. There are none for leases that return to a window with something left.
   */
  #isCurrent(left: number, counting: Counting, { mono }: Moment): boolean {
    const ageMs = mono - this.#knownAt;
    if (ageMs < (counting === 'exact' ? RECHECK_EXACT_MS : RECHECK_LEASED_MS)) return true;
    if (left > 0 && counting !== 'exact') return false;
    return ageMs < RECHECK_MS && this.#knownAt > this.#newsAt && mono - this.#news.heardUntil() < UNHEARD_MS;
  }
}
