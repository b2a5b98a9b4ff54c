import { Descriptor } from './descriptor.ts';
import type { Grant, Held, Moment } from './lease.ts';
import { keyOf } from './script-call.ts';
import type { KeyPrefix } from './script-call.ts';
import type { Demand } from './store.ts';

/** Where unspent units go. */
export type GiveBack = (demands: readonly Demand[], unspent: Grant | undefined) => void;

const SWEEP_AT_ONCE = 5000;
/** A lease that nobody spends goes back, so that others can. */
const IDLE_LEASE_MS = 1000;
const IDLE_DESCRIPTOR_MS = 5000;
/** Beyond so many, a new descriptor is remembered for its own hit only. */
const MAX_DESCRIPTORS = 50_000;

/** The descriptors a replica has had hits for lately. What is forgotten is asked for again. */
export class Descriptors {
  readonly #prefix: KeyPrefix;
  readonly #giveBack: GiveBack;
  readonly #byName = new Map<string, Descriptor>();
  /** By the counters' keys: several descriptors may lease from one counter. */
  readonly #held = new Map<string, Held & { descriptors: number }>();
  readonly #most: number;
  #sweep = this.#byName.entries();

  constructor(prefix: KeyPrefix, giveBack: GiveBack, most = MAX_DESCRIPTORS) {
    this.#most = most;
    this.#prefix = prefix;
    this.#giveBack = giveBack;
  }

  [Symbol.iterator](): MapIterator<Descriptor> {
    return this.#byName.values();
  }

  find(demands: readonly Demand[]): Descriptor | undefined {
    return this.#byName.get(nameOf(demands));
  }

  /** The descriptor of these demands, with their limits: what was leased under others goes back. */
  of(demands: readonly Demand[], now: Moment): Descriptor {
    const name = nameOf(demands);
    let descriptor = this.#byName.get(name);
    if (descriptor === undefined) {
      const keys = demands.map((demand) => keyOf(this.#prefix, demand));
      if (this.#byName.size < this.#most) {
        descriptor = new Descriptor(demands, keys, now.mono, this.#hold(keys));
        this.#byName.set(name, descriptor);
      } else {
        descriptor = new Descriptor(demands, keys, now.mono);
      }
    }
    descriptor.usedAt = now.mono;
    const before = descriptor.demands;
    for (let d = 0; d < demands.length; d++) {
      if (demands[d]?.limits === before[d]?.limits) continue;
      this.#giveBack(before, descriptor.adopt(demands));
      break;
    }
    return descriptor;
  }

  /**
   * Looks at some: leases that have died or that nobody spends go back, idle descriptors are forgotten.
   * @param isAway nothing can go back now: leases are kept until it can
   */
  sweep(now: Moment, isAway = false): void {
    for (let i = 0; i < SWEEP_AT_ONCE; i++) {
      const { value, done } = this.#sweep.next();
      if (done === true) {
        this.#sweep = this.#byName.entries();
        return;
      }
      const [name, descriptor] = value;
      const { lease, usedAt, demands } = descriptor;
      const isOver = now.mono - usedAt >= IDLE_LEASE_MS || !lease.isAlive(now);
      if (isOver && !isAway) this.#giveBack(demands, lease.drop());
      if (!descriptor.isIdle(now, IDLE_DESCRIPTOR_MS)) continue;
      this.#byName.delete(name);
      this.#letGo(descriptor.keys);
    }
  }

  #hold(keys: readonly string[]): Held[] {
    return keys.map((key) => {
      const held = this.#held.get(key) ?? { units: 0, descriptors: 0 };
      held.descriptors += 1;
      this.#held.set(key, held);
      return held;
    });
  }

  #letGo(keys: readonly string[]): void {
    for (const key of keys) {
      const held = this.#held.get(key);
      if (held === undefined) continue;
      held.descriptors -= 1;
      if (held.descriptors === 0) this.#held.delete(key);
    }
  }
}

function nameOf(demands: readonly Demand[]): string {
  let name = (demands[0] as Demand).key;
  for (let d = 1; d < demands.length; d++) name += `\n${(demands[d] as Demand).key}`;
  return name;
}
