import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { ReportSlotsRequestSchema, ReportSlotsResponseSchema } from '../../gen/ostiary/v1/telemetry_pb.js';
import type { SampledRequest } from '../analytics/sampled-request.ts';
import { backoffMs } from '../backoff.ts';
import type { Timers } from '../clock.ts';
import { toSample } from './sample-message.ts';
import { partsOf } from './slot-message.ts';
import type { UnacknowledgedSlots } from './unacknowledged.ts';

export interface SenderOptions {
  readonly node: string;
}

export interface SenderPorts {
  /** Calls `ReportSlots` with requests, and returns its answers. Ends, or throws, when the connection or the signal does. */
  readonly call: (requests: AsyncIterable<Uint8Array>, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly slots: UnacknowledgedSlots;
  /**
   * Returns the samples since the last call, to be sent with the next slot. They are sent once: a few may be lost. Must
   * not reject.
   */
  readonly samples: () => readonly SampledRequest[] | Promise<readonly SampledRequest[]>;
  readonly timers: Timers;
  /** From 0 to 1. */
  readonly random: () => number;
  /** A stream has ended, and not because this sender was closed. */
  readonly ended?: (error: unknown) => void;
}

const BACKOFF = { firstMs: 500, longestMs: 30_000 };
/** If nothing was acknowledged for this long, the stream is considered dead, even if the connection is open. */
const ACKNOWLEDGE_TIMEOUT_MS = 60_000;
/** Well below what a receiver takes in one message. */
const SAMPLES_A_MESSAGE = 10;

/** Sends slots to a control plane until each is acknowledged, opening a new stream whenever one ends. */
export class SlotSender {
  readonly #options: SenderOptions;
  readonly #ports: SenderPorts;
  readonly #closed = Promise.withResolvers<'closed'>();
  #isClosed = false;

  constructor(options: SenderOptions, ports: SenderPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Runs until it is closed. Never rejects. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#isClosed) {
      const hadAnswer = await this.#stream();
      failures = hadAnswer ? 0 : failures + 1;
      // When a control plane goes away, many nodes lose it at once. They must not all come back at once.
      if (!this.#isClosed) await this.#pause(backoffMs(failures + 1, BACKOFF, this.#ports.random()));
    }
  }

  /** Ends the current stream. Slots that are not acknowledged are lost when this process ends, unless they are spooled. */
  close(): void {
    this.#isClosed = true;
    this.#closed.resolve('closed');
  }

  /** @returns whether any answer arrived */
  async #stream(): Promise<boolean> {
    const { slots, call } = this.#ports;
    slots.rewind();
    const over = new AbortController();
    const ended = Promise.withResolvers<'closed'>();
    void this.#closed.promise.then(() => ended.resolve('closed'));
    let hadAnswer = false;
    const answers = call(this.#requests(ended.promise, over.signal), over.signal)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const answer = await this.#within(answers.next(), ended.promise);
        if (answer === undefined || answer.done === true) break;
        hadAnswer = true;
        this.#take(answer.value);
      }
    } catch (error) {
      // Whatever the error was, the next stream sends all unacknowledged slots again.
      if (!this.#isClosed) this.#ports.ended?.(error);
    }
    ended.resolve('closed');
    over.abort();
    void answers.return?.().catch(() => {});
    return hadAnswer;
  }

  async *#requests(ended: Promise<'closed'>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { slots, samples } = this.#ports;
    while (!signal.aborted) {
      const slot = await slots.next();
      if (slot === undefined) {
        if ((await Promise.race([slots.more(), ended])) === 'closed') return;
        continue;
      }
      for (const part of partsOf(slot)) yield this.#message({ part });
      const some = await samples();
      for (let from = 0; from < some.length; from += SAMPLES_A_MESSAGE)
        yield this.#message({ samples: some.slice(from, from + SAMPLES_A_MESSAGE).map(toSample) });
    }
  }

  #message(content: Omit<MessageInitShape<typeof ReportSlotsRequestSchema>, 'node' | '$typeName'>): Uint8Array {
    const { node } = this.#options;
    return toBinary(ReportSlotsRequestSchema, create(ReportSlotsRequestSchema, { node, ...content }));
  }

  #take(bytes: Uint8Array): void {
    const { receipts, refusals } = fromBinary(ReportSlotsResponseSchema, bytes);
    const { slots } = this.#ports;
    for (const { epoch, through, beyond } of receipts) slots.acknowledge(epoch, Number(through), beyond.map(Number));
    for (const { epoch, sequence } of refusals) slots.refuse(epoch, Number(sequence));
  }

  /** @returns undefined if the sender was closed, or if slots have waited for an answer for too long */
  async #within<T>(answer: Promise<T>, ended: Promise<'closed'>): Promise<T | undefined> {
    const { slots, timers } = this.#ports;
    const { promise: tooLong, resolve } = Promise.withResolvers<undefined>();
    let cancel = (): void => {};
    const watch = (hadWaiting: boolean): void => {
      cancel = timers.after(ACKNOWLEDGE_TIMEOUT_MS, () => {
        const isWaiting = slots.size > 0;
        if (hadWaiting && isWaiting) resolve(undefined);
        else watch(isWaiting);
      });
    };
    watch(slots.size > 0);
    try {
      return await Promise.race([answer, tooLong, ended.then(() => undefined)]);
    } finally {
      cancel();
    }
  }

  async #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#ports.timers.after(delayMs, resolve);
    await Promise.race([promise, this.#closed.promise]);
    cancel();
  }
}
