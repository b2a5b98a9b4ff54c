import { backoffMs } from '../backoff.ts';
import type { Clock, Timers } from '../clock.ts';
import type { EgressAnswer, EgressCall } from '../egress/egress.ts';
import type { NotificationResult } from './alert-metrics.ts';
import { postingOf } from './notification.ts';
import type { Notification } from './notification.ts';
import type { Webhook } from './rule.ts';

export interface OutboxPorts {
  /** @throws (rejects) if there is no answer */
  readonly call: (call: EgressCall) => Promise<EgressAnswer>;
  readonly webhook: (name: string) => Webhook | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  told(notification: Notification, result: NotificationResult, detail: string): void;
  /** Called when waiting messages have changed. Resolves when they are stored. */
  save(): Promise<void>;
}

const MOST_WAITING = 1000;
const MOST_AGE_MS = 24 * 3_600_000;
const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const BACKOFF = { firstMs: 1000, longestMs: 5 * 60_000 };
/** Statuses that ask to try later, beside 5xx: RFC 9110 (15.5.9), RFC 8470, RFC 6585. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Sends messages to each webhook in order, until each is accepted, refused or a day old. A message is stored before
 * it is sent, and removed after it was accepted, so it arrives at least once.
 */
export class Outbox {
  readonly #ports: OutboxPorts;
  readonly #waiting: Notification[] = [];
  /** So many of the first ones may be sent: they are stored, as far as anything can be. */
  #sendable = 0;
  /** The webhooks that are busy, with a function that ends their pause. */
  readonly #lanes = new Map<string, { cancel: () => void }>();
  readonly #abort = new AbortController();
  #failures = new Map<string, number>();

  constructor(ports: OutboxPorts, waiting: readonly Notification[]) {
    this.#ports = ports;
    this.#waiting.push(...waiting);
  }

  get waiting(): readonly Notification[] {
    return this.#waiting;
  }

  /** Adds messages. Then store them, and then call {@link send}. */
  add(notifications: readonly Notification[]): void {
    this.#waiting.push(...notifications);
    while (this.#waiting.length > MOST_WAITING) {
      const dropped = this.#waiting.shift();
      this.#sendable = Math.max(0, this.#sendable - 1);
      if (dropped !== undefined) this.#ports.told(dropped, 'dropped', `more than ${MOST_WAITING} messages wait`);
    }
  }

  /** All that were added may be sent. Starts sending to each webhook that is not busy. */
  send(): void {
    this.#sendable = this.#waiting.length;
    for (const webhook of new Set(this.#waiting.map((each) => each.webhook))) {
      if (this.#lanes.has(webhook)) continue;
      this.#lanes.set(webhook, { cancel: () => {} });
      void this.#drain(webhook);
    }
  }

  close(): void {
    this.#abort.abort();
    for (const { cancel } of this.#lanes.values()) cancel();
  }

  /** Sends the messages of one webhook, until there are none, or one must be sent again later. */
  async #drain(webhook: string): Promise<void> {
    for (;;) {
      const next = this.#waiting.find((each, at) => at < this.#sendable && each.webhook === webhook);
      if (next === undefined || this.#abort.signal.aborted) break;
      const [result, detail] = await this.#post(next);
      if (this.#abort.signal.aborted) break;
      this.#ports.told(next, result, detail);
      if (result === 'retried') {
        this.#pause(webhook);
        return;
      }
      this.#failures.delete(webhook);
      const at = this.#waiting.indexOf(next);
      if (at >= 0) {
        this.#waiting.splice(at, 1);
        this.#sendable -= 1;
      }
      await this.#ports.save();
    }
    this.#lanes.delete(webhook);
  }

  #pause(webhook: string): void {
    const failures = (this.#failures.get(webhook) ?? 0) + 1;
    this.#failures.set(webhook, failures);
    const cancel = this.#ports.timers.after(backoffMs(failures, BACKOFF, this.#ports.random()), () => {
      void this.#drain(webhook);
    });
    this.#lanes.set(webhook, { cancel });
  }

  async #post(notification: Notification): Promise<readonly [NotificationResult, string]> {
    const { clock } = this.#ports;
    const webhook = this.#ports.webhook(notification.webhook);
    if (webhook === undefined) return ['dropped', 'there is no webhook of this name any more'];
    const nowMs = clock.now();
    if (nowMs - notification.createdAt > MOST_AGE_MS) return ['given_up', 'it was not taken for a day'];
    const { headers, body } = postingOf(notification, webhook, nowMs);
    try {
      const { status } = await this.#ports.call({
        url: webhook.url,
        method: 'POST',
        headers,
        body,
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_ANSWER_BYTES,
        signal: this.#abort.signal,
      });
      if (status >= 200 && status < 300) return ['delivered', `status ${status}`];
      return [status >= 500 || LATER.has(status) ? 'retried' : 'refused', `status ${status}`];
    } catch (error) {
      return ['retried', error instanceof Error ? error.message : 'it failed'];
    }
  }
}
