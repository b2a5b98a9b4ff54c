import type { Descriptor, Waiter } from './descriptor.ts';
import { giveBackCall } from './lease-calls.ts';
import { SHARE_FACTOR } from './lease-size.ts';
import type { Grant, Moment } from './lease.ts';
import type { LocalDebts } from './local-debts.ts';
import type { LocalShares } from './local-share.ts';
import type { CounterMetrics } from './metrics.ts';
import { readTake, takeCall } from './script-call.ts';
import type { KeyPrefix, ScriptCall, ScriptLink, TakeReply } from './script-call.ts';
import type { Demand } from './store.ts';

// What is sent to the store, and when. Hits wait until the event loop has read what has arrived, and then
// go together: those of one descriptor and cost in one call in exact mode, all of one descriptor in one call
// in leased mode, where one call at a time is under way. Calls of one descriptor arrive in the order they
// were sent (one connection, one node).

export interface AskingPorts {
  readonly link: ScriptLink;
  readonly metrics: CounterMetrics;
  readonly prefix: KeyPrefix;
  readonly storeTimeoutMs: number;
  now(): Moment;
  replicas(): number;
  readonly shares: LocalShares;
  readonly debts: LocalDebts;
}

/** Below this a lease is spent before the next is asked for. */
const SMALLEST_AHEAD = 8;

export class Asking {
  readonly #ports: AskingPorts;
  #due = new Set<Descriptor>();

  constructor(ports: AskingPorts) {
    this.#ports = ports;
  }

  /** Asks for what waits at this descriptor, with all else that comes in the same turn of the event loop. */
  soon(descriptor: Descriptor): void {
    if (this.#due.size === 0) setImmediate(() => this.#askAll());
    this.#due.add(descriptor);
  }

  /** Gives unspent units back, once. What can't be sent stays debited until its windows end. */
  async giveBack(demands: readonly Demand[], remainder: Grant | undefined): Promise<void> {
    if (remainder === undefined) return;
    const { link, metrics, prefix, storeTimeoutMs } = this.#ports;
    const { mono } = this.#ports.now();
    const { asked, units } = remainder;
    const anyOpen = remainder.windows.some((list) => list.some(({ leftUs }) => asked.mono + leftUs / 1000 > mono));
    if (!anyOpen) return metrics.stranded(units, 'lease_died');
    try {
      await link.run(giveBackCall(prefix, demands, remainder), mono + storeTimeoutMs);
      metrics.returned(units);
    } catch {
      metrics.stranded(units, 'return_lost');
    }
  }

  #askAll(): void {
    const due = this.#due;
    this.#due = new Set();
    for (const descriptor of due) {
      this.#ports.debts.settle(descriptor.keys);
      if (descriptor.exact.length > 0) this.#askExactly(descriptor);
      if (!descriptor.asking) this.#askForLease(descriptor);
    }
  }

  #askExactly(descriptor: Descriptor): void {
    const hits = descriptor.exact;
    descriptor.exact = [];
    const groups = Map.groupBy(hits, ({ demands }) => demands.map(({ cost }) => cost).join());
    for (const group of groups.values()) void this.#askTogether(descriptor, group);
  }

  async #askTogether(descriptor: Descriptor, group: readonly Waiter[]): Promise<void> {
    const { demands } = group[0] as Waiter;
    const costs = demands.map(({ cost }) => cost);
    const asked = this.#ports.now();
    const wish = { want: group.length, least: 1, need: group.length, share: 1 };
    const call = takeCall(this.#ports.prefix, demands, costs, wish, asked.wall);
    try {
      const reply = readTake(
        demands,
        await this.#run(call, group, asked, (late) => {
          const granted = readTake(demands, late).granted;
          if (granted > 0) this.#ports.metrics.stranded(granted * Math.max(...costs), 'late_answer');
        }),
      );
      this.#learn(descriptor, demands, reply, asked);
      const now = this.#ports.now();
      group.forEach((hit, i) => {
        const later = Math.max(0, reply.granted - 1 - i);
        hit.answer(descriptor.taking(i < reply.granted, hit.demands, now, 0, later));
      });
    } catch (error) {
      for (const hit of group) hit.fail(error);
    }
  }

  #askForLease(descriptor: Descriptor): void {
    const asked = this.#ports.now();
    const { waiting, demands, generation } = descriptor;
    const held = descriptor.lease.units(asked);
    const size = descriptor.leaseSize(asked);
    const waitingUnits = waiting.reduce((sum, hit) => sum + costOf(hit), 0);
    const need = Math.max(0, waitingUnits - held);
    const want = need + Math.max(0, size - Math.max(0, held - waitingUnits));
    if (want === 0) return;
    const least = Math.max(1, waiting[0] === undefined ? 1 : costOf(waiting[0]) - held);
    const wish = { want, least, need, share: SHARE_FACTOR * this.#ports.replicas() };
    const ones = demands.map(() => 1);
    const call = { ...takeCall(this.#ports.prefix, demands, ones, wish, asked.wall), durable: true };
    descriptor.asking = true;
    const absorb = (answer: readonly number[]): void => {
      const reply = readTake(demands, answer);
      this.#absorb(descriptor, demands, generation, reply, asked);
      descriptor.lowWater = size >= SMALLEST_AHEAD ? size >> 2 : 0;
      if (reply.granted > need) this.#ports.metrics.leased(reply.granted - need);
    };
    void this.#awaitLease(descriptor, this.#run(call, waiting, asked, absorb), absorb);
  }

  async #awaitLease(
    descriptor: Descriptor,
    answer: Promise<readonly number[]>,
    absorb: (answer: readonly number[]) => void,
  ): Promise<void> {
    try {
      const reply = await answer;
      descriptor.asking = false;
      absorb(reply);
      this.#serve(descriptor);
    } catch (error) {
      descriptor.asking = false;
      const failed = descriptor.waiting;
      descriptor.waiting = [];
      for (const hit of failed) hit.fail(error);
    }
  }

  /** Adds what was granted to the lease, unless a reset or changed limits made it void meanwhile. */
  #absorb(
    descriptor: Descriptor,
    demands: readonly Demand[],
    generation: number,
    reply: TakeReply,
    asked: Moment,
  ): void {
    const grant = { ...reply, units: reply.granted, asked };
    if (generation !== descriptor.generation || descriptor.isVoid(grant)) {
      if (reply.granted > 0) void this.giveBack(demands, grant);
      return;
    }
    this.#learn(descriptor, demands, reply, asked);
    if (reply.granted > 0) void this.giveBack(demands, descriptor.lease.add(grant));
  }

  #learn(descriptor: Descriptor, demands: readonly Demand[], reply: TakeReply, asked: Moment): void {
    descriptor.learn(reply, asked);
    this.#ports.shares.learn(demands, descriptor.keys, reply.windows, asked);
  }

  /** Answers the hits that wait, in their order, as far as the lease and what is known allow. */
  #serve(descriptor: Descriptor): void {
    const { waiting, lease } = descriptor;
    const now = this.#ports.now();
    let served = 0;
    for (const hit of waiting) {
      if (lease.spend(costOf(hit), now)) hit.answer(descriptor.taking(true, hit.demands, now, lease.units(now)));
      else if (descriptor.lacks(hit.demands, true, now))
        hit.answer(descriptor.taking(false, hit.demands, now, lease.units(now)));
      else break;
      served += 1;
    }
    descriptor.waiting = waiting.slice(served);
    if (descriptor.waiting.length > 0) this.soon(descriptor);
  }

  #run(
    call: ScriptCall,
    hits: readonly Waiter[],
    { mono }: Moment,
    late: (reply: readonly number[]) => void,
  ): Promise<readonly number[]> {
    const until = hits.reduce((least, hit) => Math.min(least, hit.until), mono + this.#ports.storeTimeoutMs);
    return this.#ports.link.run(call, until, late);
  }
}

/** Leased demands all cost the same. */
function costOf({ demands }: Waiter): number {
  return demands[0]?.cost ?? 0;
}
