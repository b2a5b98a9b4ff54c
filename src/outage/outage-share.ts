import type { Moment } from '../clock.ts';
import type { Hold } from '../quota/charge-both.ts';
import type { Limit } from '../quota/limit.ts';
import type { Demand, Taking, WindowState } from '../quota/store.ts';
import { wholePeriodMs, windowNames } from '../quota/window.ts';
import type { Debt, OwedWindow } from '../script/lease-calls.ts';
import type { TakeReply } from '../script/script-call.ts';

// What a replica may admit by itself while it can't reach Redis (`onStoreFailure: local`): for each open window, its
// share of the units that last remained; for each window that opens in the meantime, its share of the whole limit. The
// admitted units are a debt, which is charged when Redis is back.
//
// Everything is kept by counter, since several kinds of requests may charge one. A share stays until Redis has answered
// about the counter after the debt was charged: earlier answers are from before the outage.

interface ShareWindow {
  /** Units used by all when the share was made. */
  readonly used: number;
  /** How many replicas share the remaining units. */
  readonly replicas: number;
  readonly endMono: number;
  spent: number;
  /** Spent units that are not in a debt yet. */
  owed: number;
}

/** A counter with `onStoreFailure: local`, as this replica knows it. */
export interface OutageCounter {
  readonly key: string;
  demand: Demand;
  /** By the windows' names: the last state that Redis reported. */
  known: Map<string, { readonly used: number; readonly endMono: number }>;
  readonly shares: Map<string, ShareWindow>;
  /** Has been sent, and may have been charged. */
  debt: Debt | undefined;
  isSending: boolean;
  /** Monotonic milliseconds: the debt was not taken, and is not sent again before; -Infinity if it was. */
  retryAt: number;
  settledAt: number;
}

const NONE: readonly Demand[] = [];
const MAX_COUNTERS = 100_000;
const SWEEP_AT_ONCE = 5000;

export class OutageShares {
  readonly #counters = new Map<string, OutageCounter>();
  readonly #owing = new Set<OutageCounter>();
  #sweep = this.#counters.entries();
  /** Until then, some windows could not be kept: an unknown counter may be one of them. */
  #lossyUntil = -Infinity;

  /** Charges the demands that are decided locally; the others pass without states. */
  take(demands: readonly Demand[], keys: readonly string[], now: Moment, replicas: number): Taking {
    return this.hold(demands, keys, now, replicas).taking;
  }

  /** {@link take} that can be taken back. */
  hold(demands: readonly Demand[], keys: readonly string[], now: Moment, replicas: number): Hold {
    const charged: { readonly window: ShareWindow; readonly cost: number }[] = [];
    const counters = demands.map((demand, d) =>
      hasShare(demand) ? this.#counter(keys[d] ?? '', demand, now) : 'none',
    );
    const windows = counters.map((counter, d) => {
      const { limits } = demands[d] as Demand;
      if (counter === 'none' || counter === undefined) return undefined;
      return windowNames(limits).map((name, i) => shareOf(counter, name, limits[i] as Limit, now, replicas));
    });
    const granted = demands.every(({ limits, cost }, d) => {
      if (counters[d] === 'none') return true;
      return windows[d]?.every((window, i) => cost <= remainingOf(window, limits[i] as Limit)) ?? false;
    });
    const told = demands.map(({ limits, cost }, d): WindowState[] => {
      const counter = counters[d];
      if (counter === 'none') return [];
      if (granted && counter !== undefined) this.#owing.add(counter);
      return limits.map((limit, i) => {
        const window = windows[d]?.[i];
        if (window === undefined) return { limit, remaining: 0, resetMs: wholePeriodMs(limit, now) };
        if (granted) {
          charge(window, cost);
          charged.push({ window, cost });
        }
        return { limit, remaining: Math.max(0, remainingOf(window, limit)), resetMs: window.endMono - now.mono };
      });
    });
    const giveBack = (): void => {
      for (const { window, cost } of charged.splice(0)) charge(window, -Math.min(cost, window.owed));
    };
    return { taking: { granted, windows: told, byOutagePolicy: true }, giveBack };
  }

  /** Remembers Redis's answer. It ends a share if the debt was charged before the question. */
  learn(demands: readonly Demand[], keys: readonly string[], windows: TakeReply['windows'], asked: Moment): void {
    for (let d = 0; d < demands.length; d++) {
      const demand = demands[d] as Demand;
      if (!hasShare(demand)) continue;
      const ends = (windows[d] ?? []).map(({ leftUs }) => (leftUs > 0 ? asked.mono + leftUs / 1000 : -Infinity));
      const counter = this.#counter(keys[d] ?? '', demand, asked, true);
      if (counter === undefined) {
        this.#lossyUntil = Math.max(this.#lossyUntil, ...ends);
        continue;
      }
      windowNames(demand.limits).forEach((name, i) => {
        counter.known.set(name, { used: windows[d]?.[i]?.used ?? 0, endMono: ends[i] ?? -Infinity });
      });
      if (!this.#owing.has(counter) && asked.mono >= counter.settledAt) counter.shares.clear();
    }
  }

  /**
   * The demands whose debt can't be sent just before the next call, because more is owed than what is under way, or it
   * was refused the last time. Until it is charged, the share continues to decide.
   */
  owingNow(demands: readonly Demand[], keys: readonly string[]): readonly Demand[] {
    if (this.#owing.size === 0) return NONE;
    return demands.filter((_, d) => {
      const counter = this.owingAt(keys[d] ?? '');
      if (counter === undefined) return false;
      return counter.retryAt > -Infinity || (counter.isSending && owes(counter));
    });
  }

  /** The counters that owe something. */
  get owing(): ReadonlySet<OutageCounter> {
    return this.#owing;
  }

  /** The counter of a key, if it owes something. */
  owingAt(key: string): OutageCounter | undefined {
    const counter = this.#owing.size === 0 ? undefined : this.#counters.get(key);
    return counter !== undefined && this.#owing.has(counter) ? counter : undefined;
  }

  /** Its debt was not taken: the others come first now. */
  postpone(counter: OutageCounter, retryAt: number): void {
    counter.retryAt = retryAt;
    if (this.#owing.delete(counter)) this.#owing.add(counter);
  }

  /** What to charge now: the debt that may already be charged, or otherwise everything that was admitted since. */
  collect(counter: OutageCounter, name: string, { mono }: Moment): Debt | undefined {
    const { demand, shares, debt } = counter;
    if (debt?.windows.some((list) => list.some(({ endMono }) => endMono > mono)) === true) return debt;
    counter.debt = undefined;
    const windows = windowNames(demand.limits).map((window): OwedWindow => {
      const share = shares.get(window);
      if (share === undefined || share.owed === 0 || share.endMono <= mono) return { units: 0, endMono: 0 };
      const owed = { units: share.owed, endMono: share.endMono };
      share.owed = 0;
      return owed;
    });
    if (windows.some(({ units }) => units > 0)) counter.debt = { name, demands: [demand], windows: [windows] };
    else {
      counter.retryAt = -Infinity;
      this.#owing.delete(counter);
    }
    return counter.debt;
  }

  /** The counter's debt was charged. */
  settled(counter: OutageCounter, { mono }: Moment): void {
    counter.debt = undefined;
    counter.retryAt = -Infinity;
    counter.settledAt = mono;
    if (!owes(counter)) this.#owing.delete(counter);
  }

  /** A reset has closed its windows. */
  reset(key: string): void {
    const counter = this.#counters.get(key);
    if (counter === undefined) return;
    this.#owing.delete(counter);
    this.#counters.delete(key);
  }

  /** Looks at some counters, and forgets those whose windows have all ended. */
  sweep({ mono }: Moment): void {
    for (let i = 0; i < SWEEP_AT_ONCE; i++) {
      const { value, done } = this.#sweep.next();
      if (done === true) {
        this.#sweep = this.#counters.entries();
        return;
      }
      const [key, counter] = value;
      const runs = [...counter.known.values(), ...counter.shares.values()].some(({ endMono }) => endMono > mono);
      if (runs || counter.isSending) continue;
      this.#owing.delete(counter);
      this.#counters.delete(key);
    }
  }

  /** Undefined if there is no room for it. */
  #counter(key: string, demand: Demand, { mono }: Moment, isTold = false): OutageCounter | undefined {
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      if (this.#counters.size >= MAX_COUNTERS || (!isTold && mono < this.#lossyUntil)) return undefined;
      const none = { debt: undefined, isSending: false, retryAt: -Infinity, settledAt: -Infinity };
      counter = { key, demand, known: new Map(), shares: new Map(), ...none };
      this.#counters.set(key, counter);
    }
    counter.demand = demand;
    return counter;
  }
}

/** The running window, or a new one. */
function shareOf(
  { known, shares }: OutageCounter,
  name: string,
  limit: Limit,
  now: Moment,
  replicas: number,
): ShareWindow {
  const running = shares.get(name);
  if (running !== undefined && running.endMono > now.mono) return running;
  const told = known.get(name);
  const isOpen = told !== undefined && told.endMono > now.mono;
  const endMono = isOpen ? told.endMono : now.mono + wholePeriodMs(limit, now);
  const window = { used: isOpen ? told.used : 0, replicas, endMono, spent: 0, owed: 0 };
  shares.set(name, window);
  return window;
}

/** Under a limit that may have changed since the share was made. */
function remainingOf({ used, replicas, spent }: ShareWindow, { maximumRequests }: Limit): number {
  return Math.floor(Math.max(0, maximumRequests - used) / replicas) - spent;
}

/** Units that are already in a debt stay charged. */
function charge(window: ShareWindow, units: number): void {
  window.spent += units;
  window.owed += units;
}

function owes({ shares }: OutageCounter): boolean {
  for (const { owed } of shares.values()) if (owed > 0) return true;
  return false;
}

/** Whether a share decides if the store does not answer. */
export function hasShare({ terms }: Demand): boolean {
  return terms?.onStoreFailure === 'local';
}
