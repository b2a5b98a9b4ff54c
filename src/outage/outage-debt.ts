import type { Moment } from '../clock.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { chargeDebtCall } from '../script/lease-calls.ts';
import type { KeyPrefix, ScriptLink } from '../script/script-call.ts';
import type { OutageCounter, OutageShares } from './outage-share.ts';

// Charges units that were admitted without the store. Each counter has one debt under way at a time; units that are
// admitted in the meantime go into the next debt. If a debt was not accepted, a timer sends it again under the same
// name: so it can't be charged twice, and a Redis that answers errors is not asked at every hit.

export interface OutageDebtsPorts {
  readonly link: ScriptLink;
  readonly metrics: CounterMetrics;
  readonly prefix: KeyPrefix;
  readonly storeTimeoutMs: number;
  now(): Moment;
  /** A name no other debt has. */
  debtName(): string;
}

const RETRY_MS = 100;
const MOST_AT_ONCE = 64;

export class OutageDebts {
  readonly #ports: OutageDebtsPorts;
  readonly #shares: OutageShares;
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: OutageDebtsPorts, shares: OutageShares) {
    this.#ports = ports;
    this.#shares = shares;
  }

  /** Sends the debts of these counters, before the next question. */
  settle(keys: readonly string[]): void {
    const now = this.#ports.now();
    for (const key of keys) {
      const counter = this.#shares.owingAt(key);
      if (counter !== undefined && now.mono >= counter.retryAt) this.#send(counter, now);
    }
  }

  /** Sends the debts of all counters, some at a time. */
  settleAll(): void {
    const now = this.#ports.now();
    for (const counter of this.#shares.owing) {
      if (this.#underWay >= MOST_AT_ONCE || !this.#ports.link.available) break;
      if (now.mono >= counter.retryAt) this.#send(counter, now);
    }
    this.#again();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #again(): void {
    // While the link is away nothing is sent: its return is reported.
    if (this.#timer !== undefined || !this.#ports.link.available || this.#shares.owing.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.settleAll();
    }, RETRY_MS).unref();
  }

  #send(counter: OutageCounter, now: Moment): void {
    const { link, prefix, storeTimeoutMs } = this.#ports;
    if (counter.isSending || !link.available) return;
    const debt = this.#shares.collect(counter, this.#ports.debtName(), now);
    if (debt === undefined) return;
    counter.isSending = true;
    this.#underWay += 1;
    void this.#settle(counter, link.run(chargeDebtCall(prefix, debt, now), now.mono + storeTimeoutMs));
  }

  async #settle(counter: OutageCounter, charging: Promise<unknown>): Promise<void> {
    try {
      await charging;
      const { debt } = counter;
      this.#shares.settled(counter, this.#ports.now());
      if (debt !== undefined) this.#ports.metrics.debtCharged(Math.max(...debt.windows.flat().map((w) => w.units)));
      counter.isSending = false;
      this.#underWay -= 1;
      this.settleAll();
    } catch {
      this.#shares.postpone(counter, this.#ports.now().mono + RETRY_MS);
      counter.isSending = false;
      this.#underWay -= 1;
      this.#again();
    }
  }
}
