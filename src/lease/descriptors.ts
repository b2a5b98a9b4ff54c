import type { Moment } from '../clock.ts';
import type { Demand } from '../quota/store.ts';
import { keyOf } from '../script/script-call.ts';
import type { Grant, KeyPrefix } from '../script/script-call.ts';
import { Descriptor, NO_NEWS } from './descriptor.ts';
import type { News } from './descriptor.ts';
import type { Held } from './lease.ts';

/**
 * Where unspent units go.
 * @param limitsChanged what the demands say of limits need not be what others refuse by
 */
export type GiveBack = (demands: readonly Demand[], unspent: Grant | undefined, limitsChanged?: boolean) => void;

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
  readonly #held = new Map<string, Held & { readonly by: Set<Descriptor> }>();
  readonly #most: number;
  readonly #news: News;
  #sweep = this.#byName.entries();

  constructor(
    prefix: KeyPrefix,
    giveBack: GiveBack,
    { most = MAX_DESCRIPTORS, news = NO_NEWS }: { readonly most?: number; readonly news?: News } = {},
  ) {
    this.#most = most;
    this.#news = news;
    this.#prefix = prefix;
    this.#giveBack = giveBack;
  }

  [Symbol.iterator](): MapIterator<Descriptor> {
    return this.#byName.values();
  }

  find(demands: readonly Demand[]): Descriptor | undefined {
    return this.#byName.get(nameOf(demands));
  }

  /** Those that charge this counter. */
  charging(key: string): Iterable<Descriptor> {
    return this.#held.get(key)?.by ?? [];
  }

  /** The descriptor of these demands, with their limits: what was leased under others goes back. */
  of(demands: readonly Demand[], now: Moment): Descriptor {
    const name = nameOf(demands);
    let descriptor = this.#byName.get(name);
    if (descriptor === undefined) {
      const keys = demands.map((demand) => keyOf(this.#prefix, demand));
      if (this.#byName.size < this.#most) {
        const held = keys.map((key) => this.#hold(key));
        descriptor = new Descriptor(demands, keys, now.mono, held, this.#news);
        for (const { by } of held) by.add(descriptor);
        this.#byName.set(name, descriptor);
      } else {
        descriptor = new Descriptor(demands, keys, now.mono);
      }
    }
    descriptor.usedAt = now.mono;
    const before = descriptor.demands;
    for (let d = 0; d < demands.length; d++) {
      if (demands[d]?.limits === before[d]?.limits) continue;
      this.#giveBack(before, descriptor.adopt(demands), true);
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
      this.#letGo(descriptor);
    }
  }

  #hold(key: string): Held & { readonly by: Set<Descriptor> } {
    const held = this.#held.get(key) ?? { units: 0, by: new Set() };
    this.#held.set(key, held);
    return held;
  }

  #letGo(descriptor: Descriptor): void {
    for (const key of descriptor.keys) {
      const by = this.#held.get(key)?.by;
      by?.delete(descriptor);
      if (by?.size === 0) this.#held.delete(key);
    }
  }
}

function nameOf(demands: readonly Demand[]): string {
  let name = (demands[0] as Demand).key;
  for (let d = 1; d < demands.length; d++) name += `\n${(demands[d] as Demand).key}`;
  return name;
}
