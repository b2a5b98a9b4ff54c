import { Descriptor } from './descriptor.ts';
import type { Grant, Moment } from './lease.ts';
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
  #sweep = this.#byName.entries();

  constructor(prefix: KeyPrefix, giveBack: GiveBack) {
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
      descriptor = new Descriptor(demands, keys, now.mono);
      if (this.#byName.size < MAX_DESCRIPTORS) this.#byName.set(name, descriptor);
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

  /** Looks at some: leases that have died or that nobody spends go back, idle descriptors are forgotten. */
  sweep(now: Moment): void {
    for (let i = 0; i < SWEEP_AT_ONCE; i++) {
      const { value, done } = this.#sweep.next();
      if (done === true) {
        this.#sweep = this.#byName.entries();
        return;
      }
      const [name, descriptor] = value;
      const { lease, usedAt, demands } = descriptor;
      if (now.mono - usedAt >= IDLE_LEASE_MS || !lease.isAlive(now)) this.#giveBack(demands, lease.drop());
      if (descriptor.isIdle(now, IDLE_DESCRIPTOR_MS)) this.#byName.delete(name);
    }
  }
}

function nameOf(demands: readonly Demand[]): string {
  let name = (demands[0] as Demand).key;
  for (let d = 1; d < demands.length; d++) name += `\n${(demands[d] as Demand).key}`;
  return name;
}
