import type { Clock } from '../clock.ts';
import type { Limit } from '../contract/contract.ts';
import { StoreUnavailable } from './store.ts';
import type { CounterStore, Demand, StoreHealth, Taking, WindowState } from './store.ts';
import { wholePeriodMs, windowNames } from './window.ts';

// Counters in this process: synchronous, and the reference that every other store is tested against.
//
// Memory is bounded by the number of counters. Each new counter looks at a few old ones in turn and forgets
// those whose windows have all ended, so that the store empties itself without a timer. A running window is
// never forgotten: that would hand out its quota twice. At the bound a new key is StoreUnavailable.
//
// A window that opens at its first hit runs on the monotonic clock, so that a step of the wall clock
// neither ends nor prolongs it. A calendar window can only follow the wall clock.

export interface MemoryOptions {
  /** The most counters it holds, each about 300 bytes. */
  readonly maxCounters?: number;
}

interface Counter {
  limits: readonly Limit[];
  used: number[];
  /** When each window ends, on its own clock. */
  ends: number[];
}

const LOOK_AT = 4;
const WHOLE_SWEEP_MS = 1000;

export class MemoryCounterStore implements CounterStore {
  readonly #clock: Clock;
  readonly #maxCounters: number;
  readonly #counters = new Map<string, Counter>();
  #sweep: Iterator<[string, Counter]> = this.#counters.entries();
  #sweptAt = -Infinity;

  constructor(clock: Clock, options: MemoryOptions = {}) {
    this.#clock = clock;
    this.#maxCounters = options.maxCounters ?? 200_000;
  }

  take(demands: readonly Demand[]): Taking {
    const now = this.#clock.monotonic();
    let granted = true;
    const counters: (Counter | undefined)[] = [];
    let fresh = 0;
    for (const demand of demands) {
      const counter = this.#find(demand);
      counters.push(counter);
      if (counter === undefined) fresh += 1;
      granted &&= this.#hasRoom(demand, counter, now);
    }
    if (granted) {
      if (fresh > 0) this.#makeRoom(fresh, now);
      for (let i = 0; i < demands.length; i++) {
        const demand = demands[i] as Demand;
        this.#charge(demand, counters[i] ?? (counters[i] = this.#add(demand)), now);
      }
    }
    return { granted, windows: demands.map((demand, i) => this.#states(demand, counters[i], now)) };
  }

  peek(demands: readonly Demand[]): Taking {
    const now = this.#clock.monotonic();
    const counters = demands.map((demand) => this.#find(demand));
    return {
      granted: demands.every((demand, i) => this.#hasRoom(demand, counters[i], now)),
      windows: demands.map((demand, i) => this.#states(demand, counters[i], now)),
    };
  }

  reset(demands: readonly Demand[]): number {
    const now = this.#clock.monotonic();
    let closed = 0;
    for (const demand of demands) {
      const counter = this.#find(demand);
      if (counter === undefined) continue;
      counter.ends.forEach((end, i) => (closed += end > this.#timeOf(counter.limits[i], now) ? 1 : 0));
      this.#counters.delete(nameOf(demand));
    }
    return closed;
  }

  /** Gives back what {@link take} has just charged, because another store refused the same request. */
  giveBack(demands: readonly Demand[]): void {
    for (const demand of demands) {
      const counter = this.#find(demand);
      if (counter === undefined) continue;
      for (let i = 0; i < counter.used.length; i++) {
        const used = Math.max(0, (counter.used[i] as number) - demand.cost);
        counter.used[i] = used;
        // Nobody else's hit opened it.
        if (used === 0) counter.ends[i] = -Infinity;
      }
    }
  }

  health(): StoreHealth {
    const size = this.#counters.size;
    const available = size < this.#maxCounters;
    return { kind: 'memory', available, detail: `${size} counters of at most ${this.#maxCounters} in memory` };
  }

  async close(): Promise<void> {}

  #find(demand: Demand): Counter | undefined {
    const counter = this.#counters.get(nameOf(demand));
    if (counter !== undefined && counter.limits !== demand.limits) carryOver(counter, demand.limits);
    return counter;
  }

  /** The clock that a window runs on. */
  #timeOf(limit: Limit | undefined, now: number): number {
    return limit?.calendar === undefined ? now : this.#clock.now();
  }

  #hasRoom({ limits, cost }: Demand, counter: Counter | undefined, now: number): boolean {
    for (let i = 0; i < limits.length; i++) {
      const limit = limits[i] as Limit;
      const open = counter !== undefined && (counter.ends[i] as number) > this.#timeOf(limit, now);
      if (cost > limit.maximumRequests - (open ? (counter.used[i] as number) : 0)) return false;
    }
    return true;
  }

  #charge({ limits, cost }: Demand, counter: Counter, now: number): void {
    for (let i = 0; i < limits.length; i++) {
      const limit = limits[i] as Limit;
      const time = this.#timeOf(limit, now);
      if ((counter.ends[i] as number) > time) {
        counter.used[i] = (counter.used[i] as number) + cost;
      } else {
        counter.used[i] = cost;
        counter.ends[i] = time + wholePeriodMs(limit, time);
      }
    }
  }

  #states({ limits }: Demand, counter: Counter | undefined, now: number): WindowState[] {
    const states: WindowState[] = [];
    for (let i = 0; i < limits.length; i++) {
      const limit = limits[i] as Limit;
      const time = this.#timeOf(limit, now);
      const end = counter === undefined ? -Infinity : (counter.ends[i] as number);
      states.push(
        end > time
          ? { limit, remaining: Math.max(0, limit.maximumRequests - (counter?.used[i] ?? 0)), resetMs: end - time }
          : { limit, remaining: limit.maximumRequests, resetMs: wholePeriodMs(limit, time) },
      );
    }
    return states;
  }

  #add(demand: Demand): Counter {
    const { limits } = demand;
    const counter: Counter = { limits, used: limits.map(() => 0), ends: limits.map(() => -Infinity) };
    this.#counters.set(nameOf(demand), counter);
    return counter;
  }

  /** @throws StoreUnavailable where that many more counters do not fit */
  #makeRoom(fresh: number, now: number): void {
    for (let i = 0; i < LOOK_AT * fresh; i++) {
      const { value, done } = this.#sweep.next();
      if (done === true) {
        this.#sweep = this.#counters.entries();
        break;
      }
      this.#forgetEnded(value[0], value[1], now);
    }
    if (this.#counters.size + fresh <= this.#maxCounters) return;
    if (now - this.#sweptAt >= WHOLE_SWEEP_MS) {
      this.#sweptAt = now;
      for (const [name, counter] of this.#counters) this.#forgetEnded(name, counter, now);
      if (this.#counters.size + fresh <= this.#maxCounters) return;
    }
    throw new StoreUnavailable(`all ${this.#maxCounters} counters in memory have running windows`);
  }

  #forgetEnded(name: string, counter: Counter, now: number): void {
    if (counter.ends.every((end, i) => end <= this.#timeOf(counter.limits[i], now))) this.#counters.delete(name);
  }
}

/** One memory has no slots. */
function nameOf({ key }: Demand): string {
  return key;
}

/** Changed limits go on counting in the windows that are open. */
function carryOver(counter: Counter, limits: readonly Limit[]): void {
  const before = windowNames(counter.limits);
  const places = windowNames(limits).map((name) => before.indexOf(name));
  counter.used = places.map((place) => counter.used[place] ?? 0);
  counter.ends = places.map((place) => counter.ends[place] ?? -Infinity);
  counter.limits = limits;
}
