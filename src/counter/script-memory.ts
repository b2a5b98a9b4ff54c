import type { Clock } from '../clock.ts';
import type { StoreScript } from './metrics.ts';
import { StoreUnavailable } from './store.ts';

// The scripts of `scripts.ts` and `lease-scripts.ts` on counters in this process: what Redis is to the
// replicas of a mesh, this is to the workers of one process. Each call is one decision: nothing comes
// between its reading and its writing. KEYS, ARGV and RETURN are as they are told there.
//
// A window that opens at its first hit runs on the monotonic clock, a calendar window on the wall clock,
// as in `memory.ts`; both in whole microseconds. Memory is bounded by the number of counters, and emptied
// by a look at some old ones with each new one.

type Argument = string | number;

interface Held {
  epoch: number;
  /** By their names without the `u` or `e` before them. */
  readonly windows: Map<string, { used: number; end: number }>;
  /** Debts that were charged, by name. */
  readonly debts: Set<string>;
  /** Monotonic µs when nothing in it counts any more. */
  diesAt: number;
}

const LOOK_AT = 4;
const WHOLE_SWEEP_MS = 1000;
const LEAST_DEBT_US = 60_000_000;

export class ScriptMemory {
  readonly #clock: Clock;
  readonly #maxCounters: number;
  readonly #counters = new Map<string, Held>();
  #sweep: Iterator<[string, Held]> = this.#counters.entries();
  #sweptAt = -Infinity;

  constructor(clock: Clock, maxCounters = 200_000) {
    this.#clock = clock;
    this.#maxCounters = maxCounters;
  }

  get size(): number {
    return this.#counters.size;
  }

  /** @throws StoreUnavailable where a new counter does not fit */
  run(script: StoreScript, keys: readonly string[], args: readonly Argument[]): number[] {
    if (script === 'take' || script === 'peek') return this.#take(keys, args);
    if (script === 'give_back') return this.#giveBack(keys, args);
    if (script === 'charge_debt') return this.#chargeDebt(keys, args);
    if (script === 'reset') return this.#reset(keys[0] ?? '');
    throw new StoreUnavailable(`no script ${script} here`);
  }

  #take(keys: readonly string[], args: readonly Argument[]): number[] {
    const [want = 0, least = 0, need = 0, share = 1] = args.slice(0, 4).map(Number);
    const epochs: number[] = [];
    const told: { key: string; name: string; cost: number; used: number; left: number; end: number }[] = [];
    let room = Infinity;
    let p = 4;
    for (const key of keys) {
      const held = this.#counters.get(key);
      epochs.push(held?.epoch ?? 0);
      const cost = Number(args[p]);
      const n = Number(args[p + 1]);
      p += 2;
      for (let i = 0; i < n; i++) {
        const name = String(args[p + 2 * i]).slice(1);
        const span = args[p + 3 * n + i] ?? 0;
        const now = this.#now(name);
        const window = held?.windows.get(name);
        const open = window !== undefined && window.end > now;
        const used = open ? window.used : 0;
        const end = open ? window.end : endOf(span, now);
        room = Math.min(room, Math.floor((Number(args[p + 2 * n + i]) - used) / cost));
        told.push({ key, name, cost, used, left: open ? end - now : -1, end });
      }
      p += 4 * n;
    }
    let granted = Math.min(want, room);
    if (granted > need) granted = Math.min(granted, need + Math.floor((room - need) / share));
    if (granted < least || granted < 1) granted = 0;
    else {
      this.#makeRoom(keys);
      for (const window of told) {
        window.used += granted * window.cost;
        const left = window.end - this.#now(window.name);
        if (window.left < 0) window.left = left;
        const held = this.#hold(window.key, left);
        held.windows.set(window.name, { used: window.used, end: window.end });
      }
    }
    return [granted, ...epochs, ...told.flatMap(({ used, left, end }) => [used, left, end])];
  }

  #giveBack(keys: readonly string[], args: readonly Argument[]): number[] {
    const units = Number(args[0]);
    let taken = 0;
    let p = 1;
    for (const key of keys) {
      const held = this.#counters.get(key);
      const same = held?.epoch === Number(args[p]);
      const n = Number(args[p + 1]);
      p += 2;
      for (let i = 0; i < n; i++, p += 3) {
        const name = String(args[p]).slice(1);
        const window = held?.windows.get(name);
        const isIts = window !== undefined && window.end === Number(args[p + 2]) && window.end > this.#now(name);
        if (!same || !isIts || window.used < units) continue;
        window.used -= units;
        taken++;
      }
    }
    return [taken];
  }

  #chargeDebt(keys: readonly string[], args: readonly Argument[]): number[] {
    const debt = String(args[0]);
    if (this.#counters.get(keys[0] ?? '')?.debts.has(debt)) return [0];
    this.#makeRoom(keys);
    let p = 1;
    for (const key of keys) {
      const n = Number(args[p++]);
      for (let i = 0; i < n; i++, p += 4) {
        const name = String(args[p]).slice(1);
        const units = Number(args[p + 2]);
        if (units <= 0 || args[p + 3] === 0) continue;
        const now = this.#now(name);
        const left = endOf(args[p + 3] ?? 0, now) - now;
        const held = this.#hold(key, Math.max(left, LEAST_DEBT_US));
        const window = held.windows.get(name);
        if (window !== undefined && window.end > now) window.used += units;
        else held.windows.set(name, { used: units, end: now + left });
      }
    }
    this.#hold(keys[0] ?? '', LEAST_DEBT_US).debts.add(debt);
    return [1];
  }

  #reset(key: string): number[] {
    const held = this.#counters.get(key);
    if (held === undefined || held.windows.size + held.debts.size === 0) return [0, held?.epoch ?? 0];
    let open = 0;
    for (const [name, { end }] of held.windows) if (end > this.#now(name)) open++;
    held.windows.clear();
    held.debts.clear();
    // Later than any before it, also where two resets fall into one microsecond.
    held.epoch = Math.max(held.epoch + 1, this.#now(''));
    return [open, held.epoch];
  }

  /** Calendar windows have an `@` in their names. */
  #now(window: string): number {
    return Math.floor((window.includes('@') ? this.#clock.now() : this.#clock.monotonic()) * 1000);
  }

  #hold(key: string, leftUs: number): Held {
    let held = this.#counters.get(key);
    if (held === undefined) {
      held = { epoch: 0, windows: new Map(), debts: new Set(), diesAt: 0 };
      this.#counters.set(key, held);
    }
    held.diesAt = Math.max(held.diesAt, this.#now('') + leftUs);
    return held;
  }

  #makeRoom(keys: readonly string[]): void {
    const fresh = keys.filter((key) => !this.#counters.has(key)).length;
    if (fresh === 0) return;
    for (let i = 0; i < LOOK_AT * fresh; i++) {
      const { value, done } = this.#sweep.next();
      if (done === true) {
        this.#sweep = this.#counters.entries();
        break;
      }
      if (value[1].diesAt <= this.#now('')) this.#counters.delete(value[0]);
    }
    if (this.#counters.size + fresh <= this.#maxCounters) return;
    const now = this.#clock.monotonic();
    if (now - this.#sweptAt >= WHOLE_SWEEP_MS) {
      this.#sweptAt = now;
      for (const [key, { diesAt }] of this.#counters) if (diesAt <= now * 1000) this.#counters.delete(key);
      if (this.#counters.size + fresh <= this.#maxCounters) return;
    }
    throw new StoreUnavailable(`all ${this.#maxCounters} counters in memory have running windows`);
  }
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
