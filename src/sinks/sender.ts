import { backoffMs } from '../backoff.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Batch, BatchQueue } from './batch.ts';
import type { SinkMetrics } from './sink-metrics.ts';

/** The result of one attempt. Details are sentences without secrets. */
export type Attempt =
  /** @param rejected how many events of the accepted batch the sink refused */
  | { readonly kind: 'taken'; readonly rejected: number; readonly detail: string }
  /** The batch is refused for good, and given up. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** The sink failed. The batch is sent again. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly detail: string;
      /** How long the sink wants us to wait. */
      readonly afterMs?: number | undefined;
      /** Whether the batch may be the cause. Then it is sent a limited number of times. */
      readonly isSuspect?: boolean;
    };

export interface SenderOptions {
  readonly queue: BatchQueue;
  /** Never rejects. */
  readonly send: (batch: Batch, signal: AbortSignal) => Promise<Attempt>;
  readonly metrics: Pick<SinkMetrics, 'sent' | 'dropped' | 'failed'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly told: (level: 'warn' | 'info', detail: string) => void;
}

const BACKOFF = { firstMs: 500, longestMs: 60_000 };
/** The upper limit for what a sink asks for. */
const LONGEST_RETRY_AFTER_MS = 10 * 60_000;
const MOST_SUSPECT_ATTEMPTS = 10;

/** Sends the batches of a queue, one after another, until the queue is closed. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  /** Milliseconds since the Unix epoch. */
  lastSuccess: number | undefined;
  /** Whether the last attempt failed. */
  isFailing = false;
  #isRefusalTold = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Ends the attempt under way; its batch stays in the queue. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#options.queue.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { queue } = this.#options;
    for (let batch = await queue.next(); batch !== undefined; batch = await queue.next()) {
      if (await this.#deliver(batch)) await queue.done();
    }
  }

  /** @returns false if the sender was stopped first */
  async #deliver(batch: Batch): Promise<boolean> {
    const { send, metrics, clock } = this.#options;
    let suspected = 0;
    for (let failures = 0; !this.#ending.signal.aborted; failures++) {
      const attempt = await send(batch, this.#ending.signal);
      if (attempt.kind === 'taken') {
        const rejected = Math.min(attempt.rejected, batch.events);
        this.lastSuccess = clock.now();
        metrics.sent(batch.events - rejected);
        if (rejected > 0) this.#refused('rejected', rejected, attempt.detail);
        this.#works();
        return true;
      }
      if (attempt.kind === 'refused') {
        this.#refused('refused', batch.events, attempt.detail);
        return true;
      }
      if (this.#ending.signal.aborted) return false;
      metrics.failed(attempt.reason);
      if (attempt.isSuspect === true && ++suspected >= MOST_SUSPECT_ATTEMPTS) {
        this.#refused('refused', batch.events, attempt.detail);
        return true;
      }
      this.#fails(attempt.detail);
      await this.#wait(waitMs(failures, this.#options.random(), attempt.afterMs));
    }
    return false;
  }

  #refused(reason: 'refused' | 'rejected', events: number, detail: string): void {
    this.#options.metrics.dropped(reason, events);
    if (!this.#isRefusalTold) this.#options.told('warn', `events are refused, and lost: ${detail}`);
    this.#isRefusalTold = true;
  }

  #fails(detail: string): void {
    if (!this.isFailing) this.#options.told('warn', `events wait: ${detail}`);
    this.isFailing = true;
  }

  #works(): void {
    if (this.isFailing) this.#options.told('info', 'events are taken again');
    this.isFailing = false;
  }

  async #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.timers.after(ms, resolve);
    const { signal } = this.#ending;
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
    await promise;
    cancel();
  }
}

/**
 * @param failures of this batch before the last one
 * @param afterMs how long the sink wants us to wait
 */
export function waitMs(failures: number, random: number, afterMs: number | undefined): number {
  return Math.max(backoffMs(failures + 1, BACKOFF, random), Math.min(afterMs ?? 0, LONGEST_RETRY_AFTER_MS));
}
