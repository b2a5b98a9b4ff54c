import type { Clock } from '../clock.ts';
import type { StoreScript } from '../quota/counter-metrics.ts';
import { StoreUnavailable } from '../quota/store.ts';
import type { Keyspace } from '../quota/store.ts';
import { CounterTable } from './counter-table.ts';
import type { CounterKey, Tabled } from './counter-table.ts';

// The scripts of `scripts.ts` and `lease-scripts.ts` on counters in this process: they serve the workers of one process
// as Redis serves the replicas of a mesh. Each call is atomic: nothing comes between its reading and its writing. For
// KEYS, ARGV and RETURN see there.
//
// A window that opens at its first hit runs on the monotonic clock, a calendar window on the wall clock,
// as in `memory.ts`; both in whole microseconds. A counter is kept until each of its windows has ended on its
// own clock.

type Argument = string | number;
/** Null or undefined: callers did not choose that key. */
type Keyspaces = readonly (Keyspace | null | undefined)[];

interface Counter extends Tabled {
  epoch: number;
  /** By their names without the `u` or `e` before them. */
  readonly windows: Map<string, { used: number; end: number }>;
  /** Debts that were charged, by name. */
  readonly debts: Set<string>;
  /** Monotonic µs until which its epoch and its debts are kept, whatever its windows say. */
  keptUntil: number;
}

const LEAST_DEBT_US = 60_000_000;

export class ScriptMemory {
  readonly #clock: Clock;
  readonly #counters: CounterTable<Counter>;

  /** @param maxCounters the most counters whose keys callers choose */
  constructor(clock: Clock, maxCounters = 200_000) {
    this.#clock = clock;
    this.#counters = new CounterTable(maxCounters);
  }

  get size(): number {
    return this.#counters.size;
  }

  /**
   * @param keyspaces one a key; absent: callers chose none of them
   * @throws StoreUnavailable if a new counter does not fit
   */
  run(script: StoreScript, keys: readonly string[], args: readonly Argument[], keyspaces: Keyspaces = []): number[] {
    if (script === 'take' || script === 'peek') return this.#take(keys, args, keyspaces);
    if (script === 'give_back') return this.#giveBack(keys, args);
    if (script === 'charge_debt') return this.#chargeDebt(keys, args, keyspaces);
    if (script === 'reset') return this.#reset(keys[0] ?? '');
    throw new StoreUnavailable(`no script ${script} here`);
  }

  #take(keys: readonly string[], args: readonly Argument[], keyspaces: Keyspaces): number[] {
    const [want = 0, least = 0, need = 0, share = 1] = args.slice(0, 4).map(Number);
    const epochs: number[] = [];
    const told: { counter: CounterKey; name: string; cost: number; used: number; left: number; end: number }[] = [];
    let room = Infinity;
    let p = 4;
    const counters = counterKeys(keys, keyspaces);
    for (const counter of counters) {
      const known = this.#counters.get(counter.key);
      epochs.push(known?.epoch ?? 0);
      const cost = Number(args[p]);
      const n = Number(args[p + 1]);
      p += 2;
      for (let i = 0; i < n; i++) {
        const name = String(args[p + 2 * i]).slice(1);
        const span = args[p + 3 * n + i] ?? 0;
        const now = this.#now(name);
        const window = known?.windows.get(name);
        const open = window !== undefined && window.end > now;
        const used = open ? window.used : 0;
        const end = open ? window.end : endOf(span, now);
        room = Math.min(room, Math.floor((Number(args[p + 2 * n + i]) - used) / cost));
        told.push({ counter, name, cost, used, left: open ? end - now : -1, end });
      }
      p += 4 * n;
    }
    let granted = Math.min(want, room);
    if (granted > need) granted = Math.min(granted, need + Math.floor((room - need) / share));
    if (granted < least || granted < 1) granted = 0;
    else {
      this.#makeRoom(counters);
      for (const window of told) {
        window.used += granted * window.cost;
        const left = window.end - this.#now(window.name);
        if (window.left < 0) window.left = left;
        const known = this.#open(window.counter, left);
        known.windows.set(window.name, { used: window.used, end: window.end });
      }
    }
    return [granted, ...epochs, ...told.flatMap(({ used, left, end }) => [used, left, end])];
  }

  #giveBack(keys: readonly string[], args: readonly Argument[]): number[] {
    const units = Number(args[0]);
    let taken = 0;
    const filled: number[] = [];
    let p = 1;
    for (const key of keys) {
      let isFilled = 0;
      const known = this.#counters.get(key);
      const same = known?.epoch === Number(args[p]);
      const n = Number(args[p + 1]);
      p += 2;
      for (let i = 0; i < n; i++, p += 4) {
        const name = String(args[p]).slice(1);
        const window = known?.windows.get(name);
        const isIts = window !== undefined && window.end === Number(args[p + 2]) && window.end > this.#now(name);
        if (!same || !isIts || window.used < units) continue;
        const maximum = Number(args[p + 3]);
        if (maximum === 0 || (window.used >= maximum && window.used - units < maximum)) isFilled = 1;
        window.used -= units;
        taken++;
      }
      filled.push(isFilled);
    }
    return [taken, ...filled];
  }

  #chargeDebt(keys: readonly string[], args: readonly Argument[], keyspaces: Keyspaces): number[] {
    const debt = String(args[0]);
    const counters = counterKeys(keys, keyspaces);
    const [first] = counters;
    if (first === undefined || this.#counters.get(first.key)?.debts.has(debt)) return [0];
    this.#makeRoom(counters);
    let p = 1;
    for (const counter of counters) {
      const n = Number(args[p++]);
      for (let i = 0; i < n; i++, p += 4) {
        const name = String(args[p]).slice(1);
        const units = Number(args[p + 2]);
        if (units <= 0 || args[p + 3] === 0) continue;
        const now = this.#now(name);
        const left = endOf(args[p + 3] ?? 0, now) - now;
        const known = this.#open(counter, Math.max(left, LEAST_DEBT_US));
        const window = known.windows.get(name);
        if (window !== undefined && window.end > now) window.used += units;
        else known.windows.set(name, { used: units, end: now + left });
      }
    }
    this.#open(first, LEAST_DEBT_US).debts.add(debt);
    return [1];
  }

  #reset(key: string): number[] {
    const known = this.#counters.get(key);
    if (known === undefined || known.windows.size + known.debts.size === 0) return [0, known?.epoch ?? 0];
    let open = 0;
    for (const [name, { end }] of known.windows) if (end > this.#now(name)) open++;
    known.windows.clear();
    known.debts.clear();
    // Later than any earlier epoch, even if two resets fall into one microsecond.
    known.epoch = Math.max(known.epoch + 1, this.#now(''));
    return [open, known.epoch];
  }

  /** By the clock that the window runs on, in whole µs. */
  #now(window: string): number {
    return Math.floor((isCalendar(window) ? this.#clock.now() : this.#clock.monotonic()) * 1000);
  }

  /** Returns the counter, or a new one if there is none, and keeps it for at least this time. */
  #open({ key, keyspace }: CounterKey, leftUs: number): Counter {
    let known = this.#counters.get(key);
    if (known === undefined) {
      known = {
        keyspace: this.#counters.shared(keyspace),
        epoch: 0,
        windows: new Map(),
        debts: new Set(),
        keptUntil: 0,
      };
      this.#counters.add(key, known);
    }
    known.keptUntil = Math.max(known.keptUntil, this.#now('') + leftUs);
    return known;
  }

  #makeRoom(counters: readonly CounterKey[]): void {
    if (counters.every(({ key }) => this.#counters.get(key) !== undefined)) return;
    const mono = this.#now('');
    const wall = this.#now('@');
    const hasEnded = ({ keptUntil, windows }: Counter): boolean => {
      if (keptUntil > mono) return false;
      for (const [name, { end }] of windows) if (end > (isCalendar(name) ? wall : mono)) return false;
      return true;
    };
    this.#counters.makeRoom(counters, this.#clock.monotonic(), hasEnded);
  }
}

function counterKeys(keys: readonly string[], keyspaces: Keyspaces): readonly CounterKey[] {
  return keys.map((key, k) => ({ key, keyspace: keyspaces[k] ?? undefined }));
}

/** Calendar windows have an `@` in their names. */
function isCalendar(window: string): boolean {
  return window.includes('@');
}

/** @param span µs from the first hit, or the calendar's boundaries in µs, ascending and separated by commas */
function endOf(span: Argument, now: number): number {
  if (typeof span === 'number') return now + span;
  const end = span
    .split(',')
    .map(Number)
    .find((boundary) => boundary > now);
  if (end === undefined) throw new StoreUnavailable('the clock is past the boundaries of the calendar sent');
  return end;
}
