import type { Share } from '../listen/budget.ts';
import type { BatchClock } from './batch-clock.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import { DEFAULT_WINDOW, GREATEST_WINDOW, LEAST_MAX_FRAME_SIZE } from './frame.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { HeaderField } from './header-field.ts';
import type { Limits } from './limits.ts';

/** The kernel takes a batch in pieces: up to here, a full socket does not mean that the peer is stuck. */
const LEAST_CONGESTED_BYTES = 32 * 1024;
/** Octets of a DATA frame that is worth its header. */
const GOOD_PIECE = 512;

/** A stream as its sender knows it: what waits on it, which is the sender's to change, and whom to tell. */
export interface SendingStream {
  readonly id: number;
  /** Nothing more may be sent on it. */
  readonly gone: boolean;
  /** The send window less the peer's SETTINGS_INITIAL_WINDOW_SIZE, so that a change of that needs no loop. */
  sendDelta: number;
  /** DATA that waits for a window; the first from `queueOffset`. */
  queue: Uint8Array[] | undefined;
  queueOffset: number;
  /** Set once nothing follows the queue but these trailers; without fields, END_STREAM goes with the last DATA. */
  ending: readonly HeaderField[] | undefined;
  /** The queue is empty and the socket takes more. */
  drained(): void;
  /** END_STREAM was sent: our side has ended. */
  endSent(): void;
}

export interface SenderPorts {
  readonly limits: Limits;
  readonly clock: BatchClock;
  readonly writer: FrameWriter;
  /** Pays for answers that wait. */
  readonly memory: Share;
  /** More answers wait than may. */
  readonly onOverflow: () => void;
}

/** The sending side of a connection, with flow control by the peer's windows (RFC 9113, 5.2 and 6.9). */
export class Sender {
  readonly writer: FrameWriter;
  connectionWindow = DEFAULT_WINDOW;
  initialWindow = DEFAULT_WINDOW;
  maxFrameSize = LEAST_MAX_FRAME_SIZE;
  /** Answers, or large pieces of one: work done for the peer, which allows it more control frames. */
  answers = 0;
  /** Octets that wait for windows, of all streams. */
  queuedBytes = 0;
  /** When something waiting was last sent, or began to wait. Infinity: nothing waits. */
  stalledSinceMs = Infinity;
  readonly #limits: Limits;
  readonly #clock: BatchClock;
  readonly #memory: Share;
  readonly #onOverflow: () => void;
  readonly #blocked = new Set<SendingStream>();

  constructor({ limits, clock, writer, memory, onOverflow }: SenderPorts) {
    this.#limits = limits;
    this.#clock = clock;
    this.writer = writer;
    this.#memory = memory;
    this.#onOverflow = onOverflow;
  }

  /** Octets that the memory has been asked for: of those queued here, and of those that the socket has not taken. */
  #paidQueue = 0;
  #paidBacklog = 0;
  /** The socket holds more than could be paid for. */
  #isShort = false;

  /** The socket is congested: DATA waits here, where it is bounded. */
  get isCongested(): boolean {
    const { backlog } = this.writer.output;
    return backlog > LEAST_CONGESTED_BYTES && (this.#isShort || backlog > this.#limits.congestedBytes);
  }

  /**
   * Settles what is paid for with what waits, here or at the socket.
   * @returns false if no more may be kept waiting here
   */
  account(): boolean {
    const { queuedBytes } = this;
    const memory = this.#memory;
    const { backlog } = this.writer.output;
    if (queuedBytes > this.#paidQueue) {
      if (!memory.take(queuedBytes - this.#paidQueue)) return false;
    } else memory.give(this.#paidQueue - queuedBytes);
    this.#paidQueue = queuedBytes;
    // Where the socket's can't be paid for, nothing more is read, and so nothing more is answered.
    this.#isShort = backlog > this.#paidBacklog && !memory.take(backlog - this.#paidBacklog);
    if (this.#isShort) return true;
    if (backlog < this.#paidBacklog) memory.give(this.#paidBacklog - backlog);
    this.#paidBacklog = backlog;
    return true;
  }

  /** The connection is gone, and all that waited. */
  release(): void {
    this.#memory.give(this.#paidQueue + this.#paidBacklog);
    this.#paidQueue = this.#paidBacklog = 0;
  }

  windowOf(stream: SendingStream): number {
    return Math.min(this.connectionWindow, this.initialWindow + stream.sendDelta);
  }

  headers(stream: SendingStream, fields: readonly HeaderField[], endStream: boolean): void {
    this.writer.headers(stream.id, fields, endStream);
    if (endStream) stream.endSent();
  }

  /**
   * Sends DATA as far as the windows allow; the rest waits. The bytes are the sender's from here on.
   * @param last ends our side with these, without trailers
   */
  data(stream: SendingStream, bytes: Uint8Array, last = false): void {
    if (stream.gone) return;
    if (last) stream.ending = [];
    this.queuedBytes += bytes.length;
    if (this.queuedBytes > this.#limits.maxQueuedAnswerBytes) return this.#onOverflow();
    stream.queue ??= [];
    stream.queue.push(bytes);
    this.#pump(stream);
  }

  /** Ends our side after the DATA that still waits: with trailers, or without them with the last DATA. */
  end(stream: SendingStream, trailers: readonly HeaderField[]): void {
    if (stream.gone) return;
    stream.ending = trailers;
    this.#pump(stream);
  }

  /** Sends what waits on the stream, as far as its windows go. */
  #pump(stream: SendingStream): void {
    const queue = stream.queue ?? [];
    while (queue.length > 0 && !this.isCongested) {
      const head = queue[0]!;
      const rest = head.length - stream.queueOffset;
      const length = Math.min(rest, this.windowOf(stream), this.maxFrameSize);
      if (length <= 0 && rest > 0) break;
      const last = length === rest && queue.length === 1 && stream.ending?.length === 0;
      this.#dataFrame(stream, head, stream.queueOffset, length, last);
      stream.queueOffset += length;
      if (length === rest || length >= GOOD_PIECE) this.#progress();
      if (length < rest) continue;
      queue.shift();
      stream.queueOffset = 0;
      if (last) return this.#done(stream);
    }
    if (queue.length > 0) this.#block(stream);
    else this.#settle(stream);
  }

  #settle(stream: SendingStream): void {
    this.#unblock(stream);
    if (stream.ending === undefined) return stream.drained();
    if (stream.ending.length > 0) return this.headers(stream, stream.ending, true);
    this.#dataFrame(stream, new Uint8Array(0), 0, 0, true);
    this.#done(stream);
  }

  #done(stream: SendingStream): void {
    this.#unblock(stream);
    stream.endSent();
  }

  #dataFrame(stream: SendingStream, bytes: Uint8Array, from: number, length: number, last: boolean): void {
    this.writer.data(stream.id, bytes, from, length, last);
    this.connectionWindow -= length;
    stream.sendDelta -= length;
    this.queuedBytes -= length;
  }

  /** A window that opens by one octet at a time is not progress. */
  #progress(): void {
    this.answers++;
    this.unstall();
  }

  #block(stream: SendingStream): void {
    // To the end of the queue, so that streams take turns.
    this.#blocked.delete(stream);
    this.#blocked.add(stream);
    this.stall();
  }

  #unblock(stream: SendingStream): void {
    if (this.#blocked.delete(stream) && this.#blocked.size === 0) this.stalledSinceMs = Infinity;
  }

  /** Something begins to wait, or waits on. */
  stall(): void {
    if (this.stalledSinceMs === Infinity) this.stalledSinceMs = this.#clock.nowMs;
  }

  /** Something waiting was sent, or the socket takes more. */
  unstall(): void {
    this.stalledSinceMs = this.#blocked.size > 0 ? this.#clock.nowMs : Infinity;
  }

  /** Sends what waits on any stream, after the socket or the connection's window has opened. */
  pumpAll(): void {
    for (const stream of Array.from(this.#blocked)) {
      if (this.connectionWindow <= 0 || this.isCongested) return;
      if (!stream.gone) this.#pump(stream);
    }
  }

  /** The stream is gone: what waited on it is dropped. */
  forget(stream: SendingStream): void {
    if (stream.queue === undefined) return;
    for (const bytes of stream.queue) this.queuedBytes -= bytes.length;
    this.queuedBytes += stream.queueOffset;
    stream.queue = undefined;
    stream.queueOffset = 0;
    this.#unblock(stream);
  }

  /** RFC 9113, 6.9.1: a window above 2^31-1 is the connection's error. */
  grantConnection(bytes: number): void {
    const wasClosed = this.connectionWindow <= 0;
    this.connectionWindow += bytes;
    if (this.connectionWindow > GREATEST_WINDOW) throw windowOverflow();
    // Where it was open, what waits does so for its own stream's window or for the socket.
    if (wasClosed) this.pumpAll();
  }

  /** @returns false if the window would exceed 2^31-1, which is the stream's error. */
  grantStream(stream: SendingStream, bytes: number): boolean {
    stream.sendDelta += bytes;
    if (this.initialWindow + stream.sendDelta > GREATEST_WINDOW) return false;
    if (stream.queue !== undefined && stream.queue.length > 0) this.#pump(stream);
    return true;
  }

  /** RFC 9113, 6.9.2: a changed initial size moves every stream's window, below zero even. To be followed by `pumpAll`. */
  setInitialWindow(bytes: number, streams: Iterable<SendingStream>): void {
    this.initialWindow = bytes;
    for (const stream of streams) {
      if (bytes + stream.sendDelta > GREATEST_WINDOW) throw windowOverflow();
    }
  }
}

function windowOverflow(): ConnectionError {
  return new ConnectionError(ErrorCode.flowControlError, 'window above 2^31-1');
}
