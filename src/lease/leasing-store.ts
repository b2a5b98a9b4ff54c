import type { Moment, Clock } from '../clock.ts';
import { OutageDebts } from '../outage/outage-debt.ts';
import { OutagePolicy } from '../outage/outage-policy.ts';
import { hasShare, OutageShares } from '../outage/outage-share.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { StoreUnavailable } from '../quota/store.ts';
import type { CounterStore, Demand, StoreHealth, Taking } from '../quota/store.ts';
import { keyOf, readTake, takeCall } from '../script/script-call.ts';
import type { KeyPrefix, ScriptLink } from '../script/script-call.ts';
import { RESET } from '../script/scripts.ts';
import { Batching } from './batching.ts';
import { countingOf } from './counting.ts';
import type { Counting } from './counting.ts';
import type { Descriptor } from './descriptor.ts';
import { Descriptors } from './descriptors.ts';
import type { GiveBack } from './descriptors.ts';
import { KnownWindows, noNews } from './known-windows.ts';
import type { News } from './known-windows.ts';
import { pendingHit } from './pending-hit.ts';

// Counts with scripts that run elsewhere: in Redis for the replicas of a mesh, in the owner for its workers. The count
// is exact over all of them.
//
// A unit is admitted only after it was debited there from every window of its limits, and a debit never takes a window
// above its limit. So no window admits more than its limit, with any number of replicas, delays and crashes. The only
// possible error is to admit less, and the lease bounds it. Exact mode debits each hit by itself. Leased mode debits
// some units ahead and spends them without a call. Near the end of a quota, where a lease would be less than one unit,
// leased mode works like exact mode.

export interface LeasingStorePorts {
  readonly clock: Clock;
  readonly metrics: CounterMetrics;
  readonly link: ScriptLink;
  /** Replicas seen lately, at least 1. */
  replicas(): number;
  /**
   * Admits keys that callers choose to the store. Absent: the store bounds them itself.
   * @throws TooManyKeys if one is new and does not fit
   */
  admitKeys?(demands: readonly Demand[], now: Moment): void;
  /** Tells the mesh that a counter was reset. */
  announceReset(key: string, epoch: number): Promise<void>;
  /** Absent: there are no messages about returned units, and refusals are checked again a few times a second. */
  readonly news?: News;
  randomName(): string;
  /** The health of the store behind the link. */
  health(): StoreHealth;
  /** Called when every lease has gone back. */
  closed(): Promise<void>;
}

export interface LeasingStoreOptions {
  /** Before every key. */
  readonly prefix: KeyPrefix;
  /** The default for demands without a choice. */
  readonly quota: 'exact' | 'leased';
  /** The longest wait for an answer. */
  readonly storeTimeoutMs: number;
}

const SWEEP_MS = 250;

export class LeasingCounterStore implements CounterStore {
  readonly #ports: LeasingStorePorts;
  readonly #options: LeasingStoreOptions;
  readonly #batching: Batching;
  readonly #descriptors: Descriptors;
  readonly #shares = new OutageShares();
  readonly #debts: OutageDebts;
  readonly #outagePolicy: OutagePolicy;
  readonly #sweeper: NodeJS.Timeout;

  constructor(ports: LeasingStorePorts, options: LeasingStoreOptions) {
    this.#ports = ports;
    this.#options = options;
    const { news = noNews } = ports;
    const common = { link: ports.link, metrics: ports.metrics, ...options, now: () => this.#now(), news };
    this.#debts = new OutageDebts({ ...common, debtName: () => ports.randomName() }, this.#shares);
    const shares = this.#shares;
    const replicas = (): number => ports.replicas();
    this.#outagePolicy = new OutagePolicy({ ...common, replicas, shares });
    this.#batching = new Batching({ ...common, replicas, shares, debts: this.#debts });
    const giveBack: GiveBack = (...unspent) => void this.#batching.giveBack(...unspent);
    this.#descriptors = new Descriptors(options.prefix, giveBack, { news });
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  take(demands: readonly Demand[], deadline: number): Taking | Promise<Taking> {
    const { metrics } = this.#ports;
    const now = this.#now();
    const descriptor = this.#descriptors.of(demands, now);
    const counting = countingOf(demands, descriptor.isKept, this.#options);
    if (counting === 'leased') {
      const spent = descriptor.spend(demands, now);
      if (spent !== undefined) {
        metrics.hit('lease');
        if (descriptor.isRunningLow(now) && this.#ports.link.available) this.#batching.schedule(descriptor);
        return spent;
      }
    }
    const refusal = descriptor.refusal(demands, counting, now);
    if (refusal !== undefined) {
      metrics.hit('refusal');
      return refusal;
    }
    if (!this.#ports.link.available) {
      const error = new StoreUnavailable(this.#ports.link.trouble);
      return this.#outagePolicy.take(demands, descriptor.keys, now, error);
    }
    const owing = this.#shares.owingNow(demands, descriptor.keys);
    if (owing.length > 0) {
      this.#debts.settleAll();
      if (owing.every(hasShare)) {
        return this.#outagePolicy.takeBeside(demands, owing, now, (rest) => this.take(rest, deadline));
      }
      const error = new StoreUnavailable('Redis does not take the debt');
      return this.#outagePolicy.take(demands, descriptor.keys, now, error);
    }
    try {
      this.#ports.admitKeys?.(demands, now);
    } catch (error) {
      return this.#outagePolicy.take(demands, descriptor.keys, now, error);
    }
    metrics.hit('store');
    return this.#queue(descriptor, demands, counting, this.#until(now, deadline));
  }

  async peek(demands: readonly Demand[], deadline: number): Promise<Taking> {
    const asked = this.#now();
    const costs = demands.map(({ cost }) => cost);
    const call = takeCall(this.#options.prefix, demands, costs, { want: 0, least: 1, need: 0, share: 1 }, asked.wall);
    const reply = readTake(demands, await this.#ports.link.run(call, this.#until(asked, deadline)));
    const units = this.#descriptors.find(demands)?.units(this.#now()) ?? 0;
    const { windows } = KnownWindows.of(reply, asked).taking(true, demands, asked, units);
    const granted = windows.every((states, d) => states.every(({ remaining }) => (costs[d] as number) <= remaining));
    return { granted, windows };
  }

  async reset(demands: readonly Demand[], deadline: number): Promise<number> {
    let closed = 0;
    const epochs = new Map<string, number>();
    try {
      for (const demand of demands) {
        const key = keyOf(this.#options.prefix, demand);
        const until = this.#until(this.#now(), deadline);
        const [open = 0, epoch = 0] = await this.#ports.link.run({ script: RESET, keys: [key], args: [] }, until);
        this.forget(key, epoch);
        epochs.set(key, epoch);
        closed += open;
      }
    } finally {
      await Promise.all([...epochs].map(([key, epoch]) => this.#ports.announceReset(key, epoch)));
    }
    return closed;
  }

  /** Drops leases and known windows of a counter that was reset: they belong to closed windows. */
  forget(key: string, epoch: number): void {
    const { mono } = this.#now();
    this.#shares.reset(key);
    for (const descriptor of this.#descriptors.charging(key)) descriptor.resetCounter(key, epoch, mono);
  }

  /** Units came back to a counter that had nothing left: hits that were refused may now fit. */
  lookAgain(key: string): void {
    const { mono } = this.#now();
    for (const descriptor of this.#descriptors.charging(key)) descriptor.outdate(mono);
  }

  /** Gives back every lease, since a reset may have been missed. */
  forgetAll(): void {
    const { mono } = this.#now();
    for (const descriptor of this.#descriptors) {
      descriptor.outdate(mono);
      void this.#batching.giveBack(descriptor.forget());
    }
  }

  /** The store is available, or available again: units that were admitted without it are charged. */
  rejoined(): void {
    this.#debts.settleAll();
  }

  health(): StoreHealth {
    return this.#ports.health();
  }

  /** Gives back every lease. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#batching.settled();
    this.#debts.close();
    await Promise.all([...this.#descriptors].map((descriptor) => this.#batching.giveBack(descriptor.forget())));
    await this.#ports.closed();
  }

  #queue(descriptor: Descriptor, demands: readonly Demand[], counting: Counting, until: number): Promise<Taking> {
    const { hit, taking } = pendingHit(
      demands,
      until,
      this.#now().mono,
      (error) => this.#outagePolicy.take(demands, descriptor.keys, this.#now(), error),
      (ms) => new StoreUnavailable(`the store did not answer within ${ms} ms`),
    );
    descriptor.queue(hit, counting);
    this.#batching.schedule(descriptor);
    return taking;
  }

  #sweep(): void {
    const now = this.#now();
    this.#descriptors.sweep(now, !this.#ports.link.available);
    this.#shares.sweep(now);
  }

  #until({ mono }: Moment, deadline: number): number {
    return mono + Math.min(this.#options.storeTimeoutMs, (deadline - mono) / 2);
  }

  #now(): Moment {
    const { clock } = this.#ports;
    return { mono: clock.monotonic(), wall: clock.now() };
  }
}
