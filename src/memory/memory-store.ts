import type { Clock, Moment } from '../clock.ts';
import type { Hold } from '../quota/charge-both.ts';
import type { Limit } from '../quota/limit.ts';
import type { ReplicaCounters } from '../quota/scoped-store.ts';
import type { CounterStore, Demand, StoreHealth, Taking, WindowState } from '../quota/store.ts';
import { wholePeriodMs, windowNames } from '../quota/window.ts';
import { CounterTable } from './counter-table.ts';
import type { Tabled } from './counter-table.ts';

// Counters in this process. They are synchronous, and the reference for the tests of every other store.
//
// A window that opens at its first hit runs on the monotonic clock, so that a step of the wall clock neither ends nor
// prolongs it. A calendar window must follow the wall clock.

export interface MemoryOptions {
  /** The most counters it holds whose keys callers choose, each about 300 bytes. */
  readonly maxCounters?: number;
}

/**
 * One window from its opening to its end. The next window is a new object, so that units of the old one are never
 * returned to it.
 */
interface Window {
  used: number;
  /** On its own clock. */
  end: number;
  readonly calendar: boolean;
}

interface Counter extends Tabled {
  limits: readonly Limit[];
  /** One a limit, in their order. */
  windows: Window[];
  /** Windows that were opened under other limits and may still be open, by name. */
  others: Map<string, Window> | undefined;
}

/** Milliseconds of both clocks at one decision; the wall clock is read where a calendar window asks for it. */
class Now implements Moment {
  readonly mono: number;
  readonly #clock: Clock;
  #wall = Number.NaN;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.mono = clock.monotonic();
  }

  /** The same however often it is asked for. */
  get wall(): number {
    if (Number.isNaN(this.#wall)) this.#wall = this.#clock.now();
    return this.#wall;
  }
}

/** Stands for a window that is not open. It is never charged: a charge opens a new window. */
const CLOSED: Window = { used: 0, end: -Infinity, calendar: false };

export class MemoryCounterStore implements CounterStore, ReplicaCounters {
  readonly #clock: Clock;
  readonly #maxCounters: number;
  readonly #counters: CounterTable<Counter>;

  constructor(clock: Clock, options: MemoryOptions = {}) {
    this.#clock = clock;
    this.#maxCounters = options.maxCounters ?? 200_000;
    this.#counters = new CounterTable(this.#maxCounters);
  }

  take(demands: readonly Demand[]): Taking {
    const now = this.#now();
    let granted = true;
    const counters: (Counter | undefined)[] = [];
    let fresh = false;
    for (const demand of demands) {
      const counter = this.#find(demand, now);
      counters.push(counter);
      if (counter === undefined) fresh = true;
      granted &&= hasRoom(demand, counter, now);
    }
    if (granted) {
      if (fresh) this.#counters.makeRoom(demands, now.mono, (counter) => hasEnded(counter, now));
      for (let i = 0; i < demands.length; i++) {
        const demand = demands[i] as Demand;
        charge(demand, counters[i] ?? (counters[i] = this.#add(demand)), now);
      }
    }
    return { granted, windows: demands.map((demand, i) => statesOf(demand, counters[i], now)) };
  }

  hold(demands: readonly Demand[]): Hold {
    const taking = this.take(demands);
    const charged = taking.granted ? demands.map((demand) => this.#counters.get(nameOf(demand))?.windows.slice()) : [];
    return {
      taking,
      giveBack: () => {
        // A window that has ended or was reset in the meantime no longer belongs to a counter.
        charged.forEach((windows, d) => windows?.forEach((window) => lower(window, demands[d]?.cost ?? 0)));
        charged.length = 0;
      },
    };
  }

  peek(demands: readonly Demand[]): Taking {
    const now = this.#now();
    const counters = demands.map((demand) => this.#find(demand, now));
    return {
      granted: demands.every((demand, i) => hasRoom(demand, counters[i], now)),
      windows: demands.map((demand, i) => statesOf(demand, counters[i], now)),
    };
  }

  reset(demands: readonly Demand[]): number {
    const now = this.#now();
    let closed = 0;
    for (const demand of demands) {
      const counter = this.#counters.get(nameOf(demand));
      if (counter === undefined) continue;
      for (const window of counter.windows) if (isOpen(window, now)) closed += 1;
      for (const window of counter.others?.values() ?? []) if (isOpen(window, now)) closed += 1;
      this.#counters.delete(nameOf(demand));
    }
    return closed;
  }

  health(): StoreHealth {
    const { size, chosen } = this.#counters;
    const detail = `${size} counters in memory, ${chosen} of at most ${this.#maxCounters} by keys that callers choose`;
    return { kind: 'memory', available: chosen < this.#maxCounters, detail };
  }

  async close(): Promise<void> {}

  /**
   * The clocks are read once for all windows, so that a step of the clock can't fall between the check and the charge.
   */
  #now(): Now {
    return new Now(this.#clock);
  }

  #find(demand: Demand, now: Now): Counter | undefined {
    const counter = this.#counters.get(nameOf(demand));
    if (counter !== undefined && counter.limits !== demand.limits) carryOver(counter, demand.limits, now);
    return counter;
  }

  #add(demand: Demand): Counter {
    const { limits, keyspace } = demand;
    const counter: Counter = { keyspace, limits, windows: limits.map(() => CLOSED), others: undefined };
    this.#counters.add(nameOf(demand), counter);
    return counter;
  }
}

/** One memory has no slots. */
function nameOf({ key }: Demand): string {
  return key;
}

function isOpen({ end, calendar }: Window, now: Now): boolean {
  return end > (calendar ? now.wall : now.mono);
}

function hasRoom({ limits, cost }: Demand, counter: Counter | undefined, now: Now): boolean {
  for (let i = 0; i < limits.length; i++) {
    const window = counter === undefined ? CLOSED : (counter.windows[i] as Window);
    if (cost > (limits[i] as Limit).maximumRequests - (isOpen(window, now) ? window.used : 0)) return false;
  }
  return true;
}

function charge({ limits, cost }: Demand, { windows }: Counter, now: Now): void {
  for (let i = 0; i < limits.length; i++) {
    const window = windows[i] as Window;
    if (isOpen(window, now)) window.used += cost;
    else windows[i] = open(limits[i] as Limit, cost, now);
  }
}

function open(limit: Limit, used: number, now: Now): Window {
  const calendar = limit.calendar !== undefined;
  return { used, end: (calendar ? now.wall : now.mono) + wholePeriodMs(limit, now), calendar };
}

function lower(window: Window, units: number): void {
  window.used -= units;
  // Nobody else's hit opened it.
  if (window.used <= 0) window.end = -Infinity;
}

function statesOf({ limits }: Demand, counter: Counter | undefined, now: Now): WindowState[] {
  const states: WindowState[] = [];
  for (let i = 0; i < limits.length; i++) {
    const limit = limits[i] as Limit;
    const { used, end, calendar } = counter === undefined ? CLOSED : (counter.windows[i] as Window);
    const left = end - (calendar ? now.wall : now.mono);
    states.push(
      left > 0
        ? { limit, remaining: Math.max(0, limit.maximumRequests - used), resetMs: left }
        : { limit, remaining: limit.maximumRequests, resetMs: wholePeriodMs(limit, now) },
    );
  }
  return states;
}

/** Changed limits continue in the open windows, and so do the old limits if they come back. */
function carryOver(counter: Counter, limits: readonly Limit[], now: Now): void {
  const known = counter.others ?? new Map<string, Window>();
  windowNames(counter.limits).forEach((name, i) => known.set(name, counter.windows[i] as Window));
  counter.windows = windowNames(limits).map((name) => known.get(name) ?? CLOSED);
  for (const name of windowNames(limits)) known.delete(name);
  for (const [name, window] of known) if (!isOpen(window, now)) known.delete(name);
  counter.others = known.size === 0 ? undefined : known;
  counter.limits = limits;
}

function hasEnded({ windows, others }: Counter, now: Now): boolean {
  for (const window of windows) if (isOpen(window, now)) return false;
  for (const window of others?.values() ?? []) if (isOpen(window, now)) return false;
  return true;
}
