import type { Moment, Clock } from '../clock.ts';
import { LocalDebts } from '../outage/outage-debt.ts';
import { Fallback } from '../outage/outage-policy.ts';
import { isLocal, LocalShares } from '../outage/outage-share.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { StoreUnavailable } from '../quota/store.ts';
import type { CounterStore, Demand, StoreHealth, Taking } from '../quota/store.ts';
import { keyOf, readTake, takeCall } from '../script/script-call.ts';
import type { KeyPrefix, ScriptLink } from '../script/script-call.ts';
import { RESET } from '../script/scripts.ts';
import { Asking } from './batching.ts';
import { countingOf } from './counting.ts';
import { Descriptor, NO_NEWS } from './descriptor.ts';
import type { News } from './descriptor.ts';
import { Descriptors } from './descriptors.ts';
import type { GiveBack } from './descriptors.ts';
import { waiterFor } from './pending-hit.ts';

// Counts in Redis, exactly over all replicas.
//
// A unit is admitted only after it was debited in Redis from every window of its limits, and a debit never
// takes a window above its limit. So whatever replicas, delays and crashes there are, no window admits more
// than its limit; the one possible error is to admit less, and a lease bounds it. Exact mode debits each hit
// by itself; leased mode debits some units ahead and spends them without a trip, and near the end of a quota,
// where a lease would be less than one unit, it is exact mode.

export interface RedisStorePorts {
  readonly clock: Clock;
  readonly metrics: CounterMetrics;
  readonly link: ScriptLink;
  /** Replicas seen lately, at least 1. */
  replicas(): number;
  /**
   * Lets keys that callers choose into the store; absent: it bounds them itself.
   * @throws TooManyKeys where one is new and does not fit
   */
  admitKeys?(demands: readonly Demand[], now: Moment): void;
  /** Tells the mesh that a counter was reset. */
  announceReset(key: string, epoch: number): Promise<void>;
  /** Absent: nobody tells when units come back, and refusals are looked at again a few times a second. */
  readonly news?: News;
  randomName(): string;
  /** Called when every lease has gone back. */
  closed(): Promise<void>;
}

export interface RedisStoreOptions {
  /** Before every key. */
  readonly prefix: KeyPrefix;
  /** Of demands that don't say. */
  readonly quota: 'exact' | 'leased';
  /** The longest wait for Redis. */
  readonly storeTimeoutMs: number;
}

const SWEEP_MS = 250;

export class RedisCounterStore implements CounterStore {
  readonly #ports: RedisStorePorts;
  readonly #options: RedisStoreOptions;
  readonly #asking: Asking;
  readonly #descriptors: Descriptors;
  readonly #shares = new LocalShares();
  readonly #debts: LocalDebts;
  readonly #fallback: Fallback;
  readonly #sweeper: NodeJS.Timeout;

  constructor(ports: RedisStorePorts, options: RedisStoreOptions) {
    this.#ports = ports;
    this.#options = options;
    const { news = NO_NEWS } = ports;
    const common = { link: ports.link, metrics: ports.metrics, ...options, now: () => this.#now(), news };
    this.#debts = new LocalDebts({ ...common, debtName: () => ports.randomName() }, this.#shares);
    const shares = this.#shares;
    const replicas = (): number => ports.replicas();
    this.#fallback = new Fallback({ ...common, replicas, shares });
    this.#asking = new Asking({ ...common, replicas, shares, debts: this.#debts });
    const giveBack: GiveBack = (...unspent) => void this.#asking.giveBack(...unspent);
    this.#descriptors = new Descriptors(options.prefix, giveBack, { news });
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  take(demands: readonly Demand[], deadline: number): Taking | Promise<Taking> {
    const { metrics } = this.#ports;
    const now = this.#now();
    const descriptor = this.#descriptors.of(demands, now);
    const counting = countingOf(demands, descriptor.isKept, this.#options);
    const leased = counting === 'leased';
    if (leased) {
      const cost = demands[0]?.cost ?? 0;
      descriptor.rate.note(cost);
      if (descriptor.lease.spend(cost, now)) {
        metrics.hit('lease');
        const left = descriptor.lease.units(now);
        if (left < descriptor.lowWater) this.#leaseAhead(descriptor, now);
        return descriptor.taking(true, demands, now, left);
      }
    }
    if (descriptor.lacks(demands, counting, now)) {
      metrics.hit('refusal');
      return descriptor.taking(false, demands, now, leased ? descriptor.lease.units(now) : 0);
    }
    if (!this.#ports.link.available) {
      const error = new StoreUnavailable(this.#ports.link.trouble);
      return this.#fallback.take(demands, descriptor.keys, now, error);
    }
    const owing = this.#shares.owingNow(demands, descriptor.keys);
    if (owing.length > 0) {
      this.#debts.settleAll();
      if (owing.every(isLocal)) {
        return this.#fallback.takeBeside(demands, owing, now, (rest) => this.take(rest, deadline));
      }
      const error = new StoreUnavailable('Redis does not take the debt');
      return this.#fallback.take(demands, descriptor.keys, now, error);
    }
    try {
      this.#ports.admitKeys?.(demands, now);
    } catch (error) {
      return this.#fallback.take(demands, descriptor.keys, now, error);
    }
    metrics.hit('store');
    return this.#ask(descriptor, demands, leased, this.#until(now, deadline));
  }

  async peek(demands: readonly Demand[], deadline: number): Promise<Taking> {
    const asked = this.#now();
    const costs = demands.map(({ cost }) => cost);
    const call = takeCall(this.#options.prefix, demands, costs, { want: 0, least: 1, need: 0, share: 1 }, asked.wall);
    const reply = readTake(demands, await this.#ports.link.run(call, this.#until(asked, deadline)));
    const held = this.#descriptors.find(demands);
    const units = held?.lease.units(this.#now()) ?? 0;
    const told = new Descriptor(demands, [], asked.mono);
    told.learn(reply, asked);
    const { windows } = told.taking(true, demands, asked, units);
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

  /** Drops what is leased and known of a counter that was reset: it is debited from windows that are closed. */
  forget(key: string, epoch: number): void {
    const { mono } = this.#now();
    this.#shares.reset(key);
    for (const descriptor of this.#descriptors.charging(key)) descriptor.resetCounter(key, epoch, mono);
  }

  /** Units came back to a counter that had nothing left: what was refused may fit. */
  lookAgain(key: string): void {
    const { mono } = this.#now();
    for (const descriptor of this.#descriptors.charging(key)) descriptor.outdate(mono);
  }

  /** Gives back every lease, since a reset may have been missed. */
  forgetAll(): void {
    const { mono } = this.#now();
    for (const descriptor of this.#descriptors) {
      descriptor.outdate(mono);
      void this.#asking.giveBack(descriptor.demands, descriptor.forget());
    }
  }

  /** Redis is there, or there again: what was admitted without it is charged. */
  rejoined(): void {
    this.#debts.settleAll();
  }

  health(): StoreHealth {
    const { link } = this.#ports;
    const { trouble } = link;
    return { kind: 'redis', available: trouble === '', detail: trouble === '' ? 'connected to Redis' : trouble };
  }

  /** Gives back every lease. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#asking.settled();
    this.#debts.close();
    const returns = [...this.#descriptors].map((descriptor) =>
      this.#asking.giveBack(descriptor.demands, descriptor.forget()),
    );
    await Promise.all(returns);
    await this.#ports.closed();
  }

  #ask(descriptor: Descriptor, demands: readonly Demand[], leased: boolean, until: number): Promise<Taking> {
    const { waiter, taking } = waiterFor(
      demands,
      until,
      this.#now().mono,
      (error) => this.#fallback.take(demands, descriptor.keys, this.#now(), error),
      (ms) => new StoreUnavailable(`the store did not answer within ${ms} ms`),
    );
    (leased ? descriptor.waiting : descriptor.exact).push(waiter);
    this.#asking.soon(descriptor);
    return taking;
  }

  #sweep(): void {
    const now = this.#now();
    this.#descriptors.sweep(now, !this.#ports.link.available);
    this.#shares.sweep(now);
  }

  #leaseAhead(descriptor: Descriptor, now: Moment): void {
    if (descriptor.asking || descriptor.isSpent(now) || !this.#ports.link.available) return;
    this.#asking.soon(descriptor);
  }

  #until({ mono }: Moment, deadline: number): number {
    return mono + Math.min(this.#options.storeTimeoutMs, (deadline - mono) / 2);
  }

  #now(): Moment {
    const { clock } = this.#ports;
    return { mono: clock.monotonic(), wall: clock.now() };
  }
}
