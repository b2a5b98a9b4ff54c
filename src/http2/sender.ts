import { ConnectionError, ErrorCode } from './error-code.ts';
import {
  defaultWindow,
  Flag,
  frameHeaderBytes,
  FrameType,
  greatestWindow,
  leastMaxFrameSize,
  writeFrameHeader,
  writeUint32,
} from './frame.ts';
import type { HeaderField } from './header-field.ts';
import { greatestFieldBytes, type HpackEncoder } from './hpack/encoder.ts';
import type { Limits } from './limits.ts';
import type { Output } from './output.ts';
import type { Stream } from './stream.ts';

/** Room for two table size updates, whatever their values. */
const sizeUpdateBytes = 12;
/** Octets of a DATA frame that is worth its header. */
const goodPiece = 512;

/** The sending side of a connection: flow control by the peer's windows (RFC 9113, 5.2 and 6.9). */
export class Sender {
  readonly output: Output;
  readonly encoder: HpackEncoder;
  connectionWindow = defaultWindow;
  initialWindow = defaultWindow;
  maxFrameSize = leastMaxFrameSize;
  /** Answers, or good pieces of one: work done for the peer, against which its control frames are weighed. */
  answers = 0;
  /** Octets that wait for windows, all streams together. */
  queuedBytes = 0;
  /** When something waiting was last sent, or began to wait. Infinity: nothing waits. */
  stalledSinceMs = Infinity;
  private readonly limits: Limits;
  private readonly blocked = new Set<Stream>();

  constructor(output: Output, encoder: HpackEncoder, limits: Limits) {
    this.output = output;
    this.encoder = encoder;
    this.limits = limits;
  }

  /** The socket does not take what it is given: DATA waits here, where it is bounded. */
  get isCongested(): boolean {
    return this.output.backlog > this.limits.congestedBytes;
  }

  windowOf(stream: Stream): number {
    return Math.min(this.connectionWindow, this.initialWindow + stream.sendDelta);
  }

  headers(stream: Stream, fields: readonly HeaderField[], endStream: boolean): void {
    const { output, encoder } = this;
    let most = frameHeaderBytes + sizeUpdateBytes;
    for (const { name, value } of fields) most += greatestFieldBytes(name, value);
    const start = output.reserve(most);
    let at = encoder.begin(output.buffer, start + frameHeaderBytes);
    for (const field of fields) at = encoder.field(output.buffer, at, field);
    const flags = Flag.endHeaders | (endStream ? Flag.endStream : 0);
    writeFrameHeader(output.buffer, start, at - start - frameHeaderBytes, FrameType.headers, flags, stream.id);
    output.trim(at);
    if (endStream) stream.host.finished(stream);
  }

  /**
   * Sends DATA as far as the windows allow; the rest waits. The bytes are the sender's from here on.
   * @param last ends our side with these, without trailers
   */
  data(stream: Stream, bytes: Uint8Array, last = false): void {
    if (stream.gone) return;
    if (last) stream.ending = [];
    this.queuedBytes += bytes.length;
    if (this.queuedBytes > this.limits.maxQueuedAnswerBytes) {
      return stream.host.overflowed();
    }
    stream.queue ??= [];
    stream.queue.push(bytes);
    this.pump(stream);
  }

  /** Ends our side behind what still waits: with trailers, or where there are none with the last DATA. */
  end(stream: Stream, trailers: readonly HeaderField[]): void {
    if (stream.gone) return;
    stream.ending = trailers;
    this.pump(stream);
  }

  /** Sends what waits on the stream, as far as its windows go. */
  pump(stream: Stream): void {
    const queue = stream.queue ?? [];
    while (queue.length > 0 && !this.isCongested) {
      const head = queue[0]!;
      const rest = head.length - stream.queueOffset;
      const length = Math.min(rest, this.windowOf(stream), this.maxFrameSize);
      if (length <= 0 && rest > 0) break;
      const last = length === rest && queue.length === 1 && stream.ending?.length === 0;
      this.dataFrame(stream, head, stream.queueOffset, length, last);
      stream.queueOffset += length;
      if (length === rest || length >= goodPiece) this.progress(stream);
      if (length < rest) continue;
      queue.shift();
      stream.queueOffset = 0;
      if (last) return this.done(stream);
    }
    if (queue.length > 0) this.block(stream);
    else this.settle(stream);
  }

  private settle(stream: Stream): void {
    this.unblock(stream);
    if (stream.ending === undefined) return stream.drained();
    if (stream.ending.length > 0) return this.headers(stream, stream.ending, true);
    this.dataFrame(stream, new Uint8Array(0), 0, 0, true);
    this.done(stream);
  }

  private done(stream: Stream): void {
    this.unblock(stream);
    stream.host.finished(stream);
  }

  private dataFrame(stream: Stream, bytes: Uint8Array, from: number, length: number, last: boolean): void {
    const { output } = this;
    const at = output.reserve(frameHeaderBytes + length);
    writeFrameHeader(output.buffer, at, length, FrameType.data, last ? Flag.endStream : 0, stream.id);
    output.buffer.set(length === bytes.length ? bytes : bytes.subarray(from, from + length), at + frameHeaderBytes);
    this.connectionWindow -= length;
    stream.sendDelta -= length;
    this.queuedBytes -= length;
  }

  /** A window opened by one octet at a time is no progress. */
  private progress(stream: Stream): void {
    this.answers++;
    this.stalledSinceMs = this.blocked.size > 0 ? stream.host.nowMs : Infinity;
  }

  private block(stream: Stream): void {
    // Last in line again, so that streams take turns.
    this.blocked.delete(stream);
    this.blocked.add(stream);
    if (this.stalledSinceMs === Infinity) this.stalledSinceMs = stream.host.nowMs;
  }

  private unblock(stream: Stream): void {
    if (this.blocked.delete(stream) && this.blocked.size === 0) this.stalledSinceMs = Infinity;
  }

  /** The socket takes more. */
  unstall(nowMs: number): void {
    this.stalledSinceMs = this.blocked.size > 0 ? nowMs : Infinity;
  }

  /** Sends what waits on any stream, after the socket or the connection's window has opened. */
  pumpAll(): void {
    for (const stream of Array.from(this.blocked)) {
      if (this.connectionWindow <= 0 || this.isCongested) return;
      if (!stream.gone) this.pump(stream);
    }
  }

  /** The stream is gone: what waited on it is dropped. */
  forget(stream: Stream): void {
    if (stream.queue === undefined) return;
    for (const bytes of stream.queue) this.queuedBytes -= bytes.length;
    this.queuedBytes += stream.queueOffset;
    stream.queue = undefined;
    stream.queueOffset = 0;
    this.unblock(stream);
  }

  /** RFC 9113, 6.9.1: a window above 2^31-1 is the connection's error. */
  grantConnection(bytes: number): void {
    this.connectionWindow += bytes;
    if (this.connectionWindow > greatestWindow) throw windowOverflow();
    this.pumpAll();
  }

  /** @returns false where the window would exceed 2^31-1, which is the stream's error. */
  grantStream(stream: Stream, bytes: number): boolean {
    stream.sendDelta += bytes;
    if (this.initialWindow + stream.sendDelta > greatestWindow) return false;
    if (stream.queue !== undefined && stream.queue.length > 0) this.pump(stream);
    return true;
  }

  /** RFC 9113, 6.9.2: a changed initial size moves every stream's window, below zero even. To be followed by `pumpAll`. */
  setInitialWindow(bytes: number, streams: Iterable<Stream>): void {
    this.initialWindow = bytes;
    for (const stream of streams) {
      if (bytes + stream.sendDelta > greatestWindow) throw windowOverflow();
    }
  }

  control(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    const at = this.output.reserve(frameHeaderBytes + payload.length);
    writeFrameHeader(this.output.buffer, at, payload.length, type, flags, streamId);
    this.output.buffer.set(payload, at + frameHeaderBytes);
  }

  /** RST_STREAM, WINDOW_UPDATE: frames of one number. */
  controlNumber(type: number, streamId: number, value: number): void {
    const at = this.output.reserve(frameHeaderBytes + 4);
    writeFrameHeader(this.output.buffer, at, 4, type, 0, streamId);
    writeUint32(this.output.buffer, at + frameHeaderBytes, value);
  }
}

function windowOverflow(): ConnectionError {
  return new ConnectionError(ErrorCode.flowControlError, 'window above 2^31-1');
}
