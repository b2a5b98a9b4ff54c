import { setImmediate as pause } from 'node:timers/promises';
import { gzip as gzipWithCallback } from 'node:zlib';
import { promisify } from 'node:util';
import { backoffMs } from '../backoff.ts';
import type { Clock, Timers } from '../clock.ts';
import type { EndedCheck } from './check-trace.ts';
import type { Deliver } from './collector.ts';
import { spansOf } from './spans.ts';
import type { Attribute, Span, SpanPorts } from './spans.ts';
import type { TraceMetrics } from './trace-metrics.ts';

const gzip = promisify(gzipWithCallback);

/** The most Checks that wait; each takes some 2 kB. */
export const MOST_WAITING = 2048;
/** The most Checks in one message: about a thousand spans. */
const BATCH = 256;
/** Checks whose spans are made without a pause: about a millisecond. */
const CHECKS_PER_TURN = 40;
/** The longest time that a Check waits for others to be sent with it. */
const GATHER_MS = 1000;
const ATTEMPTS = 5;
const BACKOFF = { firstMs: 1000, longestMs: 30_000 };

export interface TraceExportPorts {
  readonly deliver: Deliver;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly metrics: TraceMetrics;
  /** The attributes of this process: `service.name` and others. */
  readonly resource: readonly Attribute[];
  readonly version: string;
  readonly spans: SpanPorts;
  /** Called when the collector fails or refuses spans, and when it accepts them again. */
  readonly tell: (level: 'warn' | 'info', message: string, detail: string) => void;
}

/**
 * Sends the spans of Checks in batches, after their answers and never before them. Spans that can't be sent are
 * counted.
 */
export class TraceExport {
  readonly #ports: TraceExportPorts;
  #waiting: EndedCheck[] = [];
  /** Set while spans are being sent, or will be. */
  #sending: Promise<void> | undefined;
  #hurry: (() => void) | undefined;
  #isClosed = false;
  #isAmiss = false;

  constructor(ports: TraceExportPorts) {
    this.#ports = ports;
  }

  /** Returns at once, and never throws. */
  take(check: EndedCheck): void {
    const { checks } = this.#ports.metrics;
    if (this.#waiting.length >= MOST_WAITING || this.#isClosed) {
      checks.queue_full.value += 1;
      return;
    }
    checks.kept.value += 1;
    this.#waiting.push(check);
    if (this.#waiting.length >= BATCH) this.#hurry?.();
    this.#sending ??= this.#sendAll();
  }

  /** Tries once to send waiting spans; those that the collector does not accept are lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#hurry?.();
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    await this.#rest(GATHER_MS);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH);
      this.#waiting = this.#waiting.slice(BATCH);
      // eslint-disable-next-line no-await-in-loop -- one batch after another bounds what the collector and we hold
      await this.#send(batch);
      if (this.#waiting.length > 0 && this.#waiting.length < BATCH) await this.#rest(GATHER_MS);
    }
    this.#sending = undefined;
  }

  async #send(batch: readonly EndedCheck[]): Promise<void> {
    const { deliver, metrics, tell } = this.#ports;
    let spans: readonly Span[] = [];
    try {
      spans = await this.#spansOf(batch);
      const body = await gzip(this.#message(spans));
      for (let attempt = 1; ; attempt++) {
        const delivery = await deliver(body);
        if (delivery.result === 'taken') {
          const refused = Math.min(delivery.refused, spans.length);
          metrics.spans.exported.value += spans.length - refused;
          metrics.spans.refused.value += refused;
          this.#judge(refused === 0 ? undefined : 'the collector refuses spans', delivery.detail);
          return;
        }
        const isRefused = delivery.result === 'refused';
        this.#judge(isRefused ? 'the collector refuses spans' : 'the collector takes no spans', delivery.detail);
        if (isRefused || attempt === ATTEMPTS || this.#isClosed) {
          metrics.spans[isRefused ? 'refused' : 'lost'].value += spans.length;
          return;
        }
        await this.#rest(backoffMs(attempt, BACKOFF, this.#ports.random()));
      }
    } catch (error) {
      // This is a defect, but tracing must not end the process.
      metrics.spans.lost.value += spans.length;
      tell('warn', 'spans could not be made', String(error));
    }
  }

  async #spansOf(batch: readonly EndedCheck[]): Promise<readonly Span[]> {
    const spans: Span[] = [];
    for (const [index, check] of batch.entries()) {
      if (index % CHECKS_PER_TURN === CHECKS_PER_TURN - 1) await pause();
      spans.push(...spansOf(check, this.#ports.spans));
    }
    return spans;
  }

  /** `ExportTraceServiceRequest` as OTLP's JSON. */
  #message(spans: readonly Span[]): string {
    const { resource, version } = this.#ports;
    const scopeSpans = [{ scope: { name: 'ostiary', version }, spans }];
    return JSON.stringify({ resourceSpans: [{ resource: { attributes: resource }, scopeSpans }] });
  }

  /** Reports a problem once, until it changes. */
  #judge(problem: string | undefined, detail: string): void {
    if (this.#isAmiss === (problem !== undefined)) return;
    this.#isAmiss = problem !== undefined;
    if (problem === undefined) this.#ports.tell('info', 'the collector takes spans again', '');
    else this.#ports.tell('warn', problem, detail);
  }

  /** Waits; shorter if a batch is full, or if this is closed. */
  async #rest(ms: number): Promise<void> {
    if (this.#isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#ports.timers.after(ms, resolve);
    this.#hurry = resolve;
    await promise;
    this.#hurry = undefined;
    cancel();
  }
}
