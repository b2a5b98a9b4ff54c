import { backoffMs } from '../backoff.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Attempted, Delivery, DeliveryStore } from './delivery-store.ts';
import type { DeliveryResult } from './notify-metrics.ts';
import type { HeldMailStore } from './held-mail.ts';
import { receiverFrom } from './receiver.ts';
import type { MailSender, Outcome, Send } from './sending.ts';

export interface DelivererPorts {
  readonly store: Pick<DeliveryStore, 'waiting' | 'next' | 'attempted' | 'bound' | 'giveUp'>;
  readonly send: Send;
  /** Undefined: no mail is sent. */
  readonly mails: MailBound | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly told: (delivery: Delivery, result: DeliveryResult, detail: string) => void;
  /** So many were given up without another attempt. */
  readonly gaveUp: (receiver: string, count: number, why: string) => void;
  /** The database does not do what it should; each is tried again. */
  readonly failed: (error: unknown) => void;
}

/** How many mails an address is sent. */
export interface MailBound {
  readonly store: Pick<HeldMailStore, 'freeAt' | 'hold' | 'due' | 'attempted'>;
  readonly sendTogether: MailSender['sendTogether'];
  /** In an hour; what is beyond is sent as one mail when the hour is over, which is one of those of the next. */
  readonly most: number;
}

/** So many are under way at once, of all receivers: each has one at a time. */
const MOST_AT_ONCE = 32;
const PAGE = 20;
/** Of one receiver; what comes on top takes the place of the oldest. */
const MOST_WAITING = 20_000;
const MOST_REST_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
/** Of a delivery: about 30 attempts in a day. */
const BACKOFF = { firstMs: 5000, longestMs: 3_600_000 };
/** Of a receiver that has failed, whatever waits for it. */
const REST = { firstMs: 1000, longestMs: 60_000 };
/** The database failed. */
const AGAIN = { firstMs: 5000, longestMs: 600_000 };

interface Lane {
  failures: number;
  /** Until when nothing is sent, since so many mails were; undefined: it is. */
  heldUntil?: number | undefined;
  cancel: () => void;
}

/**
 * Sends what waits, receiver by receiver. A delivery that fails is tried again for a day, ever more rarely, and those
 * after it are not held up by it: a receiver rests after a failure, and then gets what is due first.
 */
export class Deliverer {
  readonly #ports: DelivererPorts;
  readonly #lanes = new Map<string, Lane>();
  readonly #abort = new AbortController();
  readonly #queue: (() => void)[] = [];
  #free = MOST_AT_ONCE;

  constructor(ports: DelivererPorts) {
    this.#ports = ports;
  }

  /** Looks for what waits: something was added, or is to be sent again. Never rejects. */
  async look(): Promise<void> {
    const { clock, gaveUp, store, failed } = this.#ports;
    try {
      for (const [receiver, count] of await store.waiting()) {
        if (count > MOST_WAITING) {
          const why = `more than ${MOST_WAITING} waited for it`;
          gaveUp(receiver, await store.bound(receiver, MOST_WAITING, why), why);
        }
        // While it takes nothing, few are sent: not each of them is tried once more.
        const now = clock.now();
        if (this.#isFailing(receiver)) {
          gaveUp(receiver, await store.giveUp(receiver, now - DAY_MS, now - 2 * DAY_MS), 'it was not taken for a day');
        }
        const { heldUntil } = this.#lanes.get(receiver) ?? {};
        if (heldUntil !== undefined) await this.#ports.mails?.store.hold(receiver, this.#ports.mails.most, heldUntil);
        this.#start(receiver);
      }
    } catch (error) {
      failed(error);
    }
  }

  /** Ends what is under way: it is sent again by whoever goes on, with the same id. */
  close(): void {
    this.#abort.abort();
    for (const { cancel } of this.#lanes.values()) cancel();
    for (const go of this.#queue.splice(0)) go();
  }

  #isFailing(receiver: string): boolean {
    return (this.#lanes.get(receiver)?.failures ?? 0) > 1;
  }

  #start(receiver: string): void {
    if (this.#lanes.has(receiver) || this.#abort.signal.aborted) return;
    this.#lanes.set(receiver, { failures: 0, cancel: () => {} });
    void this.#run(receiver);
  }

  /** Sends until nothing is due, and goes on when something is. */
  async #run(receiver: string): Promise<void> {
    const lane = this.#lanes.get(receiver);
    if (lane === undefined) return;
    const { timers, failed, random } = this.#ports;
    let restMs: number | undefined;
    try {
      restMs = await this.#drain(receiver, lane);
    } catch (error) {
      failed(error);
      // What was sent, and could not be noted, is sent again: not at once.
      lane.failures += 1;
      restMs = backoffMs(lane.failures, AGAIN, random());
    }
    if (this.#abort.signal.aborted) return;
    if (restMs === undefined) {
      this.#lanes.delete(receiver);
      return;
    }
    lane.cancel = timers.after(restMs, () => void this.#run(receiver));
  }

  /** @returns how long to wait for what is due next; undefined: nothing waits */
  async #drain(receiver: string, lane: Lane): Promise<number | undefined> {
    const { clock, random, store } = this.#ports;
    const mails = receiverFrom(receiver).kind === 'mail' ? this.#ports.mails : undefined;
    for (;;) {
      // Of mails, each is counted before the next.
      const page = await store.next(receiver, mails === undefined ? PAGE : 1);
      const [first] = page;
      if (first === undefined) return undefined;
      const now = clock.now();
      // What is added meanwhile may be due before.
      if (!isDue(first.dueAt, now)) return Math.min(first.dueAt - now, MOST_REST_MS);
      lane.heldUntil = mails && (await mails.store.freeAt(receiver, mails.most, now));
      if (mails !== undefined && lane.heldUntil !== undefined) {
        await mails.store.hold(receiver, mails.most, lane.heldUntil);
        return lane.heldUntil - now;
      }
      const held = (await mails?.store.due(receiver, now)) ?? [];
      if (mails !== undefined && held.length > 1) {
        const isDelivered = await this.#attemptTogether(receiver, held, mails);
        if (this.#abort.signal.aborted) return undefined;
        lane.failures = isDelivered ? 0 : lane.failures + 1;
        if (!isDelivered) return backoffMs(lane.failures, REST, random());
        continue;
      }
      for (const delivery of page) {
        if (!isDue(delivery.dueAt, clock.now())) break;
        const isDelivered = await this.#attempt(delivery);
        if (this.#abort.signal.aborted) return undefined;
        lane.failures = isDelivered ? 0 : lane.failures + 1;
        if (!isDelivered) return backoffMs(lane.failures, REST, random());
      }
    }
  }

  async #attempt(delivery: Delivery): Promise<boolean> {
    const { clock, send, store, told } = this.#ports;
    await this.#enter();
    let outcome: Outcome;
    try {
      if (this.#abort.signal.aborted) return false;
      outcome = await send(delivery, clock.now(), this.#abort.signal);
    } finally {
      this.#leave();
    }
    if (this.#abort.signal.aborted) return false;
    const { attempted, result } = this.#judge(delivery, outcome);
    await store.attempted(delivery.id, attempted);
    told(delivery, result, outcome.detail);
    return result === 'delivered' || outcome.result === 'refused';
  }

  /** What was held back, as one mail. */
  async #attemptTogether(receiver: string, held: readonly Delivery[], mails: MailBound): Promise<boolean> {
    const address = receiver.slice(receiver.indexOf(':') + 1);
    await this.#enter();
    let outcome: Outcome;
    try {
      if (this.#abort.signal.aborted) return false;
      outcome = await mails.sendTogether(
        address,
        held.map(({ event }) => event),
        mails.most,
      );
    } finally {
      this.#leave();
    }
    if (this.#abort.signal.aborted) return false;
    const newest = held.reduce((one, other) => (one.sinceAt < other.sinceAt ? other : one));
    const { attempted, result } = this.#judge(newest, outcome);
    await mails.store.attempted(held, attempted);
    // What goes wrong is told once.
    for (const each of result === 'delivered' ? held : [newest]) this.#ports.told(each, result, outcome.detail);
    return result === 'delivered' || outcome.result === 'refused';
  }

  /** What becomes of a delivery now. */
  #judge(
    { attempts, sinceAt }: Delivery,
    { detail, result }: Outcome,
  ): { attempted: Attempted; result: DeliveryResult } {
    const { clock, random } = this.#ports;
    const at = clock.now();
    const pauseMs = Math.round(backoffMs(attempts + 1, BACKOFF, random()));
    const isOver = result === 'refused' || at + pauseMs - sinceAt > DAY_MS;
    const state = result === 'delivered' ? 'delivered' : isOver ? 'dead' : 'waiting';
    return { attempted: { state, dueAt: at + pauseMs, at, detail }, result: state === 'waiting' ? 'retried' : state };
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** No pause is so long: where it seems so, the clock was set back since. */
function isDue(dueAt: number, now: number): boolean {
  return dueAt <= now || dueAt - now > BACKOFF.longestMs;
}
