import type { Moment } from '../clock.ts';
import type { OutageDebts } from '../outage/outage-debt.ts';
import type { OutageShares } from '../outage/outage-share.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { giveBackCall } from '../script/lease-calls.ts';
import { readTake, takeCall } from '../script/script-call.ts';
import type { KeyPrefix, ScriptCall, ScriptLink, TakeReply } from '../script/script-call.ts';
import type { Descriptor } from './descriptor.ts';
import { KnownWindows } from './known-windows.ts';
import type { News } from './known-windows.ts';
import { stillPending } from './pending-hit.ts';
import type { PendingHit } from './pending-hit.ts';
import type { LeaseQuestion, Question, Unspent } from './question.ts';

// Decides what is sent to the store, and when. Hits wait until the event loop has read all input, and are then sent
// together. In exact mode, one call has the hits of one descriptor and cost. In leased mode, one call has all hits of
// one descriptor, and a descriptor has one call at a time. Calls of one descriptor arrive in the order they were sent
// (one connection, one node).

export interface BatchingPorts {
  readonly link: ScriptLink;
  readonly metrics: CounterMetrics;
  readonly prefix: KeyPrefix;
  readonly storeTimeoutMs: number;
  now(): Moment;
  replicas(): number;
  readonly shares: OutageShares;
  readonly debts: OutageDebts;
  readonly news: News;
}

export class Batching {
  readonly #ports: BatchingPorts;
  #due = new Set<Descriptor>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(ports: BatchingPorts) {
    this.#ports = ports;
  }

  /** Sends the pending hits of this descriptor, together with all others of the same turn of the event loop. */
  schedule(descriptor: Descriptor): void {
    if (this.#due.size === 0) setImmediate(() => this.#sendAll());
    this.#due.add(descriptor);
  }

  /** Resolves when no call is under way or due. */
  async settled(): Promise<void> {
    const giveUpAt = this.#ports.now().mono + 2 * this.#ports.storeTimeoutMs;
    while ((this.#due.size > 0 || this.#underWay.size > 0) && this.#ports.now().mono < giveUpAt) {
      await Promise.allSettled(this.#underWay);
      await new Promise(setImmediate);
    }
  }

  /** Gives unspent units back, once. If they can't be sent, they stay debited until their windows end. */
  async giveBack(unspent: Unspent | undefined, limitsChanged = false): Promise<void> {
    if (unspent === undefined) return;
    const { link, metrics, prefix, storeTimeoutMs, news } = this.#ports;
    const { mono } = this.#ports.now();
    const { demands, debit } = unspent;
    const { asked, units } = debit;
    const anyOpen = debit.windows.some((list) => list.some(({ leftUs }) => asked.mono + leftUs / 1000 > mono));
    if (!anyOpen) return metrics.stranded(units, 'lease_died');
    const call = giveBackCall(prefix, demands, debit, limitsChanged);
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

  #sendAll(): void {
    const due = this.#due;
    this.#due = new Set();
    for (const descriptor of due) {
      this.#ports.debts.settle(descriptor.keys);
      this.#sendExact(descriptor);
      this.#sendLease(descriptor);
    }
  }

  #sendExact(descriptor: Descriptor): void {
    const hits = descriptor.takeExact();
    if (hits.length === 0) return;
    const groups = Map.groupBy(hits, ({ demands }) => demands.map(({ cost }) => cost).join());
    for (const group of groups.values()) void this.#sendTogether(descriptor, group);
  }

  async #sendTogether(descriptor: Descriptor, group: readonly PendingHit[]): Promise<void> {
    const asked = this.#ports.now();
    const question = descriptor.question((group[0] as PendingHit).demands, asked);
    const { demands } = question;
    const costs = demands.map(({ cost }) => cost);
    const wish = { want: group.length, least: 1, need: group.length, share: 1 };
    const call = takeCall(this.#ports.prefix, demands, costs, wish, asked.wall);
    try {
      const reply = readTake(
        demands,
        await this.#run(call, asked, (late) => {
          const { charged } = readTake(demands, late);
          if (charged > 0) this.#ports.metrics.stranded(charged * Math.max(...costs), 'late_answer');
        }),
      );
      const known = this.#learn(descriptor, question, reply);
      const now = this.#ports.now();
      const hits = stillPending(group);
      hits.forEach((hit, i) => {
        const later = Math.max(0, reply.charged - 1 - i);
        hit.answer(known.taking(i < reply.charged, demands, now, 0, later));
      });
      const unused = Math.max(0, reply.charged - hits.length);
      if (unused > 0) this.#ports.metrics.stranded(unused * Math.max(...costs), 'late_answer');
    } catch (error) {
      for (const hit of group) hit.fail(error);
    }
  }

  /** Answers hits. If the limits have changed since the call, the answer is used for these hits and then dropped. */
  #learn(descriptor: Descriptor, question: Question, reply: TakeReply): KnownWindows {
    if (!descriptor.isCurrent(question)) return KnownWindows.of(reply, question.asked);
    const known = descriptor.learn(question, reply);
    this.#ports.shares.learn(question.demands, descriptor.keys, reply.windows, question.asked);
    return known;
  }

  #sendLease(descriptor: Descriptor): void {
    const question = descriptor.startLeasing(this.#ports.now(), this.#ports.replicas());
    if (question === undefined) return;
    const { demands, asked, wish } = question;
    const ones = demands.map(() => 1);
    const call = { ...takeCall(this.#ports.prefix, demands, ones, wish, asked.wall), durable: true };
    const absorb = (reply: readonly number[]): void => this.#absorb(descriptor, question, reply);
    const answer = this.#run(call, asked, absorb).finally(() => descriptor.endLeasing(question));
    void this.#awaitLease(descriptor, question, answer);
  }

  async #awaitLease(
    descriptor: Descriptor,
    question: LeaseQuestion,
    answer: Promise<readonly number[]>,
  ): Promise<void> {
    try {
      this.#absorb(descriptor, question, await answer);
      if (descriptor.serve(this.#ports.now())) this.schedule(descriptor);
    } catch (error) {
      for (const hit of question.hits) hit.fail(error);
      // Hits that came later have their own time-out.
      if (descriptor.hasPending()) this.schedule(descriptor);
    }
  }

  #absorb(descriptor: Descriptor, question: LeaseQuestion, answer: readonly number[]): void {
    const { demands, asked, wish } = question;
    const reply = readTake(demands, answer);
    const { isVoid, unspent } = descriptor.absorb(question, reply);
    if (!isVoid) this.#ports.shares.learn(demands, descriptor.keys, reply.windows, asked);
    void this.giveBack(unspent);
    if (reply.charged > wish.need) this.#ports.metrics.leased(reply.charged - wish.need);
  }

  /**
   * Waits for the full time-out of the store, so that a hit with less time does not end a call that others wait for.
   */
  #run(call: ScriptCall, { mono }: Moment, late: (reply: readonly number[]) => void): Promise<readonly number[]> {
    const { link, storeTimeoutMs } = this.#ports;
    const answer = link.run(call, mono + storeTimeoutMs, late);
    this.#underWay.add(answer);
    const ended = (): void => void this.#underWay.delete(answer);
    answer.then(ended, ended);
    return answer;
  }
}
