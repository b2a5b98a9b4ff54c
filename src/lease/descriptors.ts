import type { Moment } from '../clock.ts';
import type { Demand } from '../quota/store.ts';
import { keyOf } from '../script/script-call.ts';
import type { KeyPrefix } from '../script/script-call.ts';
import { Descriptor } from './descriptor.ts';
import { noNews } from './known-windows.ts';
import type { News } from './known-windows.ts';
import type { LeasedUnits } from './lease.ts';
import type { Unspent } from './question.ts';

/**
 * Where unspent units go.
 * @param limitsChanged others may refuse by other limits than those of the demands
 */
export type GiveBack = (unspent: Unspent | undefined, limitsChanged?: boolean) => void;

/** A counter that descriptors lease from. */
interface LeasedCounter extends LeasedUnits {
  readonly by: Set<Descriptor>;
}

const SWEEP_AT_ONCE = 5000;
/** A lease that is not used for so long is returned, so that others can use its units. */
const IDLE_LEASE_MS = 1000;
const IDLE_DESCRIPTOR_MS = 5000;
/** Beyond this number, a new descriptor is used for one hit only and then forgotten. */
const MAX_DESCRIPTORS = 50_000;

/** The descriptors of a replica's recent hits. For forgotten ones, the store is asked again. */
export class Descriptors {
  readonly #prefix: KeyPrefix;
  readonly #giveBack: GiveBack;
  readonly #byName = new Map<string, Descriptor>();
  /** By the counters' keys: several descriptors may lease from one counter. */
  readonly #counters = new Map<string, LeasedCounter>();
  readonly #most: number;
  readonly #news: News;
  #sweep = this.#byName.entries();

  constructor(
    prefix: KeyPrefix,
    giveBack: GiveBack,
    { most = MAX_DESCRIPTORS, news = noNews }: { readonly most?: number; readonly news?: News } = {},
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
    return this.#counters.get(key)?.by ?? [];
  }

  /** The descriptor of these demands, with their limits. Units that were leased under other limits are returned. */
  of(demands: readonly Demand[], now: Moment): Descriptor {
    const name = nameOf(demands);
    let descriptor = this.#byName.get(name);
    if (descriptor === undefined) {
      const keys = demands.map((demand) => keyOf(this.#prefix, demand));
      if (this.#byName.size < this.#most) {
        const counters = keys.map((key) => this.#counter(key));
        descriptor = new Descriptor(demands, keys, now.mono, counters, this.#news);
        for (const { by } of counters) by.add(descriptor);
        this.#byName.set(name, descriptor);
      } else {
        descriptor = new Descriptor(demands, keys, now.mono);
      }
    }
    const unspent = descriptor.use(demands, now.mono);
    if (unspent !== undefined) this.#giveBack(unspent, true);
    return descriptor;
  }

  /**
   * Sweeps some descriptors: returns leases that have died or are not used, and forgets idle descriptors.
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
      if (!isAway) this.#giveBack(descriptor.dropIdleLease(now, IDLE_LEASE_MS));
      if (!descriptor.isIdle(now, IDLE_DESCRIPTOR_MS)) continue;
      this.#byName.delete(name);
      this.#letGo(descriptor);
    }
  }

  #counter(key: string): LeasedCounter {
    const counter = this.#counters.get(key) ?? { units: 0, by: new Set() };
    this.#counters.set(key, counter);
    return counter;
  }

  #letGo(descriptor: Descriptor): void {
    for (const key of descriptor.keys) {
      const by = this.#counters.get(key)?.by;
      by?.delete(descriptor);
      if (by?.size === 0) this.#counters.delete(key);
    }
  }
}

function nameOf(demands: readonly Demand[]): string {
  let name = (demands[0] as Demand).key;
  for (let d = 1; d < demands.length; d++) name += `\n${(demands[d] as Demand).key}`;
  return name;
}
