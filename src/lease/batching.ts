import type { Moment } from '../clock.ts';
import type { LocalDebts } from '../outage/outage-debt.ts';
import type { LocalShares } from '../outage/outage-share.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import type { Demand } from '../quota/store.ts';
import { giveBackCall } from '../script/lease-calls.ts';
import { readTake, takeCall } from '../script/script-call.ts';
import type { Grant, KeyPrefix, ScriptCall, ScriptLink, TakeReply } from '../script/script-call.ts';
import { Descriptor } from './descriptor.ts';
import type { News } from './descriptor.ts';
import { SHARE_FACTOR } from './lease-size.ts';
import type { Waiter } from './pending-hit.ts';

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
  readonly news: News;
}

/** Below this a lease is spent before the next is asked for. */
const SMALLEST_AHEAD = 8;

export class Asking {
  readonly #ports: AskingPorts;
  #due = new Set<Descriptor>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(ports: AskingPorts) {
    this.#ports = ports;
  }

  /** Asks for what waits at this descriptor, with all else that comes in the same turn of the event loop. */
  soon(descriptor: Descriptor): void {
    if (this.#due.size === 0) setImmediate(() => this.#askAll());
    this.#due.add(descriptor);
  }

  /** Settles when nothing is asked for any more. */
  async settled(): Promise<void> {
    const giveUpAt = this.#ports.now().mono + 2 * this.#ports.storeTimeoutMs;
    while ((this.#due.size > 0 || this.#underWay.size > 0) && this.#ports.now().mono < giveUpAt) {
      await Promise.allSettled(this.#underWay);
      await new Promise(setImmediate);
    }
  }

  /** Gives unspent units back, once. What can't be sent stays debited until its windows end. */
  async giveBack(demands: readonly Demand[], remainder: Grant | undefined, limitsChanged = false): Promise<void> {
    if (remainder === undefined) return;
    const { link, metrics, prefix, storeTimeoutMs, news } = this.#ports;
    const { mono } = this.#ports.now();
    const { asked, units } = remainder;
    const anyOpen = remainder.windows.some((list) => list.some(({ leftUs }) => asked.mono + leftUs / 1000 > mono));
    if (!anyOpen) return metrics.stranded(units, 'lease_died');
    const call = giveBackCall(prefix, demands, remainder, limitsChanged);
    const tell = ([, ...filled]: readonly number[]): void => {
      const keys = call.keys.filter((_, k) => filled[k] === 1);
      if (keys.length > 0) news.unitsCameBack(keys);
    };
    try {
      tell(await link.run(call, mono + storeTimeoutMs, tell));
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
    const hits = waitingStill(descriptor.exact);
    descriptor.exact = [];
    const groups = Map.groupBy(hits, ({ demands }) => demands.map(({ cost }) => cost).join());
    for (const group of groups.values()) void this.#askTogether(descriptor, group);
  }

  async #askTogether(descriptor: Descriptor, group: readonly Waiter[]): Promise<void> {
    const demands = underLimitsOf(descriptor, (group[0] as Waiter).demands);
    const { generation } = descriptor;
    const costs = demands.map(({ cost }) => cost);
    const asked = this.#ports.now();
    const wish = { want: group.length, least: 1, need: group.length, share: 1 };
    const call = takeCall(this.#ports.prefix, demands, costs, wish, asked.wall);
    try {
      const reply = readTake(
        demands,
        await this.#run(call, asked, (late) => {
          const granted = readTake(demands, late).granted;
          if (granted > 0) this.#ports.metrics.stranded(granted * Math.max(...costs), 'late_answer');
        }),
      );
      // What is asked for under limits that have changed since is told, and not kept.
      const isCurrent = generation === descriptor.generation;
      const told = isCurrent ? descriptor : new Descriptor(demands, [], asked.mono);
      if (isCurrent) this.#learn(descriptor, demands, reply, asked);
      else told.learn(reply, asked);
      const now = this.#ports.now();
      const hits = waitingStill(group);
      hits.forEach((hit, i) => {
        const later = Math.max(0, reply.granted - 1 - i);
        hit.answer(told.taking(i < reply.granted, demands, now, 0, later));
      });
      const unused = Math.max(0, reply.granted - hits.length);
      if (unused > 0) this.#ports.metrics.stranded(unused * Math.max(...costs), 'late_answer');
    } catch (error) {
      for (const hit of group) hit.fail(error);
    }
  }

  #askForLease(descriptor: Descriptor): void {
    const asked = this.#ports.now();
    const { demands, generation } = descriptor;
    const waiting = waitingStill(descriptor.waiting);
    descriptor.waiting = waiting;
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
    const ahead = want - need;
    descriptor.asking = true;
    descriptor.reserve(ahead);
    const absorb = (answer: readonly number[]): void => {
      const reply = readTake(demands, answer);
      this.#absorb(descriptor, demands, generation, reply, asked);
      descriptor.lowWater = size >= SMALLEST_AHEAD ? size >> 2 : 0;
      if (reply.granted > need) this.#ports.metrics.leased(reply.granted - need);
    };
    const answer = this.#run(call, asked, absorb).finally(() => descriptor.reserve(-ahead));
    void this.#awaitLease(descriptor, waiting, answer, absorb);
  }

  async #awaitLease(
    descriptor: Descriptor,
    askedFor: readonly Waiter[],
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
      for (const hit of askedFor) hit.fail(error);
      // Those that came since have time of their own.
      descriptor.waiting = waitingStill(descriptor.waiting);
      if (descriptor.waiting.length > 0) this.soon(descriptor);
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
    const { waiting } = descriptor;
    const now = this.#ports.now();
    let served = 0;
    for (const hit of waiting) {
      if (!hit.isDone && !this.#answer(descriptor, hit, now)) break;
      served += 1;
    }
    descriptor.waiting = waiting.slice(served);
    if (descriptor.waiting.length > 0) this.soon(descriptor);
  }

  /** False where it has to wait on. */
  #answer(descriptor: Descriptor, hit: Waiter, now: Moment): boolean {
    const { lease } = descriptor;
    const granted = lease.spend(costOf(hit), now);
    const demands = underLimitsOf(descriptor, hit.demands);
    if (!granted && !descriptor.lacks(demands, 'leased', now)) return false;
    hit.answer(descriptor.taking(granted, demands, now, lease.units(now)));
    return true;
  }

  /** Waits as long as the store may take: a hit that has less time doesn't cut short what others wait for. */
  #run(call: ScriptCall, { mono }: Moment, late: (reply: readonly number[]) => void): Promise<readonly number[]> {
    const { link, storeTimeoutMs } = this.#ports;
    const answer = link.run(call, mono + storeTimeoutMs, late);
    this.#underWay.add(answer);
    const ended = (): void => void this.#underWay.delete(answer);
    answer.then(ended, ended);
    return answer;
  }
}

function waitingStill(hits: readonly Waiter[]): Waiter[] {
  return hits.filter(({ isDone }) => !isDone);
}

/** Limits may change while a hit waits: the latest ones decide. */
function underLimitsOf({ demands: latest }: Descriptor, demands: readonly Demand[]): readonly Demand[] {
  if (demands.every(({ limits }, d) => limits === latest[d]?.limits)) return demands;
  return demands.map((demand, d) => ({ ...demand, limits: latest[d]?.limits ?? demand.limits }));
}

/** Leased demands all cost the same. */
function costOf({ demands }: Waiter): number {
  return demands[0]?.cost ?? 0;
}
