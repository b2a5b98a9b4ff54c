import type { Moment } from '../clock.ts';
import type { Demand, Taking } from '../quota/store.ts';
import { sameLimits } from '../quota/window.ts';
import type { TakeReply } from '../script/script-call.ts';
import type { Counting } from './counting.ts';
import { HeardResets } from './heard-resets.ts';
import { KnownWindows } from './known-windows.ts';
import type { News } from './known-windows.ts';
import { lowWaterOf, sizeWithinLimits, SpendingRate, wishFor } from './lease-size.ts';
import { Lease } from './lease.ts';
import type { LeasedUnits } from './lease.ts';
import { costOf, stillPending } from './pending-hit.ts';
import type { PendingHit } from './pending-hit.ts';
import { underLimits } from './question.ts';
import type { LeaseQuestion, Question, Unspent } from './question.ts';

/**
 * What a replica remembers of the counters that a kind of request charges together, and its calls for them. Hits of one
 * descriptor spend one lease, share calls, and are refused without a call while the known windows can't have changed.
 *
 * A hit spends the lease, is refused, or waits. Hits that wait for a lease share one call at a time (`isLeasing`);
 * exact hits go with the next call. A change of limits voids the lease and the known windows, and starts a new
 * generation; a reset voids them if the answer is of an earlier epoch.
 */
export class Descriptor {
  readonly keys: readonly string[];
  /** Whether this descriptor is remembered: otherwise its lease would be lost. */
  readonly isKept: boolean;
  #demands: readonly Demand[];
  readonly #lease: Lease;
  readonly #known: KnownWindows;
  readonly #rate: SpendingRate;
  /** Units of each counter that all leases of this replica hold or have asked for. */
  readonly #leased: readonly LeasedUnits[];
  #forLease: PendingHit[] = [];
  #forExact: PendingHit[] = [];
  #isLeasing = false;
  /** With fewer units left than this, the next lease is requested before this one is spent. */
  #lowWater = 0;
  #usedAt: number;
  #generation = 0;
  readonly #resets = new HeardResets();

  /** @param leased one a counter; absent: this descriptor is not remembered */
  constructor(
    demands: readonly Demand[],
    keys: readonly string[],
    mono: number,
    leased?: readonly LeasedUnits[],
    news?: News,
  ) {
    this.keys = keys;
    this.isKept = leased !== undefined;
    this.#demands = demands;
    this.#leased = leased ?? [];
    this.#lease = new Lease(this.#leased);
    this.#known = new KnownWindows(news);
    this.#rate = new SpendingRate(mono);
    this.#usedAt = mono;
  }

  /** Notes a hit and takes over changed limits. Returns the units that were leased under the old limits. */
  use(demands: readonly Demand[], mono: number): Unspent | undefined {
    this.#usedAt = mono;
    for (let d = 0; d < demands.length; d++) {
      if (demands[d]?.limits !== this.#demands[d]?.limits) return this.#adopt(demands);
    }
    return undefined;
  }

  #adopt(demands: readonly Demand[]): Unspent | undefined {
    const before = this.#demands;
    this.#demands = demands;
    if (demands.every(({ limits }, d) => sameLimits(limits, before[d]?.limits ?? []))) return undefined;
    this.#generation += 1;
    const unspent = this.forget();
    return unspent && { ...unspent, demands: before };
  }

  /** Spends units of the lease. Undefined if it has too few. */
  spend(demands: readonly Demand[], now: Moment): Taking | undefined {
    const cost = demands[0]?.cost ?? 0;
    this.#rate.note(cost);
    return this.#lease.spend(cost, now) ? this.#known.taking(true, demands, now, this.#lease.units(now)) : undefined;
  }

  /** The refusal, if the known windows are sure to refuse. */
  refusal(demands: readonly Demand[], counting: Counting, now: Moment): Taking | undefined {
    const units = counting === 'leased' ? this.#lease.units(now) : 0;
    return this.#known.lacks(demands, counting, now, units)
      ? this.#known.taking(false, demands, now, units)
      : undefined;
  }

  /** Whether it is time to request the next lease. False if a window has nothing left to lease. */
  isRunningLow(now: Moment): boolean {
    if (this.#lease.units(now) >= this.#lowWater || this.#isLeasing) return false;
    return !this.#known.areSpent(this.#demands, now);
  }

  /** Units that can be spent now without asking. */
  units(now: Moment): number {
    return this.#lease.units(now);
  }

  /** Lets a hit wait for the next lease, or for the next exact call. */
  queue(hit: PendingHit, counting: Counting): void {
    (counting === 'leased' ? this.#forLease : this.#forExact).push(hit);
  }

  /** Takes the hits for the next exact calls out of this descriptor. */
  takeExact(): readonly PendingHit[] {
    const hits = stillPending(this.#forExact);
    this.#forExact = [];
    return hits;
  }

  /** A question for demands of this descriptor, under the current limits. */
  question(demands: readonly Demand[], asked: Moment): Question {
    return { demands: underLimits(demands, this.#demands), asked, generation: this.#generation };
  }

  /** Whether the limits are those of the question. */
  isCurrent({ generation }: Question): boolean {
    return generation === this.#generation;
  }

  /** Remembers the store's answer to a current question. */
  learn({ asked }: Question, reply: TakeReply): KnownWindows {
    this.#known.learn(reply, asked);
    return this.#known;
  }

  /**
   * Begins to lease; {@link endLeasing} must follow. Undefined if no lease is needed, or one is already requested.
   * @param replicas that lease from these counters, at least 1
   */
  startLeasing(asked: Moment, replicas: number): LeaseQuestion | undefined {
    if (this.#isLeasing) return undefined;
    const hits = (this.#forLease = stillPending(this.#forLease));
    const size = this.#leaseSize(asked);
    const wish = wishFor(hits.map(costOf), this.#lease.units(asked), size, replicas);
    if (wish.want === 0) return undefined;
    this.#isLeasing = true;
    this.#reserve(wish.want - wish.need);
    return { demands: this.#demands, asked, generation: this.#generation, hits, wish, size };
  }

  /** The call is answered, or has failed. */
  endLeasing({ wish }: LeaseQuestion): void {
    this.#isLeasing = false;
    this.#reserve(wish.need - wish.want);
  }

  /**
   * Adds the charged units to the lease, unless a reset or changed limits have voided it in the meantime.
   * @returns what is to be given back
   */
  absorb(
    question: LeaseQuestion,
    reply: TakeReply,
  ): { readonly isVoid: boolean; readonly unspent: Unspent | undefined } {
    const { asked, demands, size } = question;
    const debit = { ...reply, units: reply.charged, asked };
    const isVoid = !this.isCurrent(question) || this.#resets.voids(debit);
    this.#lowWater = lowWaterOf(size);
    if (!isVoid) this.learn(question, reply);
    if (debit.units === 0) return { isVoid, unspent: undefined };
    const rest = isVoid ? debit : this.#lease.add(debit);
    return { isVoid, unspent: rest && { demands, debit: rest } };
  }

  /**
   * Answers the hits that wait for a lease, in order, as far as the lease and the known windows allow.
   * @returns whether some wait on
   */
  serve(now: Moment): boolean {
    const hits = this.#forLease;
    let served = 0;
    for (const hit of hits) {
      if (!hit.isDone && !this.#answer(hit, now)) break;
      served += 1;
    }
    this.#forLease = hits.slice(served);
    return this.#forLease.length > 0;
  }

  /** Whether hits wait for a lease. Some of them may have timed out or failed. */
  hasPending(): boolean {
    this.#forLease = stillPending(this.#forLease);
    return this.#forLease.length > 0;
  }

  /** Drops the lease and the known windows, because a reset has closed these windows. */
  resetCounter(key: string, epoch: number, mono: number): void {
    const index = this.keys.indexOf(key);
    if (index < 0) return;
    this.outdate(mono);
    if (this.#resets.hear(index, epoch, mono)) this.forget();
  }

  /** Its counters have changed, or may have: the store is asked about hits that the known windows would refuse. */
  outdate(mono: number): void {
    this.#known.outdate(mono);
  }

  /** Drops the lease and the known windows. Returns the unspent units. */
  forget(): Unspent | undefined {
    this.#known.forget();
    return this.#dropLease();
  }

  /** Drops a lease that has died or has not been used for so long. Returns the unspent units. */
  dropIdleLease(now: Moment, idleMs: number): Unspent | undefined {
    return now.mono - this.#usedAt >= idleMs || !this.#lease.isAlive(now) ? this.#dropLease() : undefined;
  }

  /** True if nothing would be lost with this descriptor. */
  isIdle(now: Moment, idleMs: number): boolean {
    const isPending = this.#forLease.length > 0 || this.#forExact.length > 0 || this.#isLeasing;
    return now.mono - this.#usedAt >= idleMs && !isPending && this.#lease.debited === 0;
  }

  /** False if it has to wait on. */
  #answer(hit: PendingHit, now: Moment): boolean {
    const isGranted = this.#lease.spend(costOf(hit), now);
    const demands = underLimits(hit.demands, this.#demands);
    const units = this.#lease.units(now);
    if (!isGranted && !this.#known.lacks(demands, 'leased', now, units)) return false;
    hit.answer(this.#known.taking(isGranted, demands, now, units));
    return true;
  }

  #dropLease(): Unspent | undefined {
    const debit = this.#lease.drop();
    return debit && { demands: this.#demands, debit };
  }

  #leaseSize(now: Moment): number {
    const endsInMs = this.#known.firstEndMono(this.#demands, now) - now.mono;
    const byOthers = (d: number): number => (this.#leased[d]?.units ?? 0) - this.#lease.debited;
    return sizeWithinLimits(this.#demands, this.#rate.perMs(now.mono), endsInMs, byOthers);
  }

  /** While a lease is requested, other leases of its counters leave room for it. */
  #reserve(units: number): void {
    for (const leased of this.#leased) leased.units += units;
  }
}
