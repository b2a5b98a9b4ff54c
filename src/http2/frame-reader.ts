import type { Share } from '../listen/budget.ts';
import { ConnectionError, ErrorCode, enough } from './error-code.ts';
import { unitsOf } from './fair-turns.ts';
import type { TurnWork } from './fair-turns.ts';
import { FRAME_HEADER_BYTES, LEAST_MAX_FRAME_SIZE, readUint31 } from './frame.ts';

/** Takes whole frames; the payload is `buffer[start..end)`, and its buffer is reused afterwards. */
export interface FrameSink {
  frame(type: number, flags: number, streamId: number, buffer: Buffer, start: number, end: number): void;
}

/** What a client says first (RFC 9113, 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/**
 * Cuts the octets of a socket into frames. A frame that is complete within a chunk is passed on without a copy. Only a
 * frame that spans chunks is assembled in a separate buffer, so at most one frame is ever kept.
 */
export class FrameReader {
  #prefaceSeen = 0;
  #partial: Buffer | undefined;
  #partialBytes = 0;
  /** When the first octets of an incomplete frame arrived; Infinity: there is none. */
  partialSinceMs = Infinity;
  readonly #sink: FrameSink;
  readonly #memory: Share;
  readonly #work: TurnWork;

  /** @param memory pays for a frame that is not whole */
  constructor(sink: FrameSink, memory: Share, work: TurnWork) {
    this.#sink = sink;
    this.#memory = memory;
    this.#work = work;
  }

  /** The connection is gone. */
  release(): void {
    this.#memory.give(this.#partial?.length ?? 0);
    this.#partial = undefined;
  }

  /**
   * Takes `chunk[from..end)`, read at `nowMs`, until the work for this turn is used up.
   * @returns where the rest starts; `end`: there is none
   */
  push(chunk: Buffer, from: number, end: number, nowMs: number): number {
    const work = this.#work;
    let at = this.#prefaceSeen < PREFACE.length ? this.#readPreface(chunk, from, end) : from;
    if (this.#partial !== undefined) at = this.#complete(chunk, at, end);
    while (end - at >= FRAME_HEADER_BYTES) {
      const length = payloadLength(chunk, at);
      const next = at + FRAME_HEADER_BYTES + length;
      if (next > end) break;
      this.#sink.frame(chunk[at + 3]!, chunk[at + 4]!, readUint31(chunk, at + 5), chunk, at + FRAME_HEADER_BYTES, next);
      at = next;
      work.left -= unitsOf(length);
      if (work.left < 0) return at;
    }
    if (at >= end) return end;
    this.#keep(chunk, at, end);
    this.partialSinceMs = nowMs;
    return end;
  }

  #readPreface(chunk: Buffer, from: number, end: number): number {
    const length = Math.min(PREFACE.length - this.#prefaceSeen, end - from);
    for (let i = 0; i < length; i++) {
      if (chunk[from + i] !== PREFACE[this.#prefaceSeen + i]) {
        throw new ConnectionError(ErrorCode.protocolError, 'not an HTTP/2 connection preface');
      }
    }
    this.#prefaceSeen += length;
    return from + length;
  }

  #keep(chunk: Buffer, at: number, end: number): void {
    const have = end - at;
    const need = FRAME_HEADER_BYTES + (have < FRAME_HEADER_BYTES ? 0 : payloadLength(chunk, at));
    this.#partial = this.#allocate(need);
    chunk.copy(this.#partial, 0, at, end);
    this.#partialBytes = have;
  }

  /** Fills the kept frame from the chunk. @returns where the next frame starts. */
  #complete(chunk: Buffer, from: number, end: number): number {
    let at = from;
    let frame = this.#partial!;
    for (;;) {
      const take = Math.min(frame.length - this.#partialBytes, end - at);
      chunk.copy(frame, this.#partialBytes, at, at + take);
      at += take;
      this.#partialBytes += take;
      if (this.#partialBytes < frame.length) return at;
      const need = FRAME_HEADER_BYTES + payloadLength(frame, 0);
      if (frame.length === need) break;
      // Only the header was kept; it now gives the length of the frame.
      const whole = this.#allocate(need);
      this.#memory.give(frame.length);
      frame.copy(whole, 0);
      this.#partial = frame = whole;
    }
    this.#partial = undefined;
    this.#memory.give(frame.length);
    this.partialSinceMs = Infinity;
    this.#sink.frame(frame[3]!, frame[4]!, readUint31(frame, 5), frame, FRAME_HEADER_BYTES, frame.length);
    this.#work.left -= unitsOf(frame.length);
    return at;
  }

  #allocate(bytes: number): Buffer {
    if (!this.#memory.take(bytes)) throw enough('request_buffer_full');
    return Buffer.allocUnsafe(bytes);
  }
}

function payloadLength(buffer: Buffer, at: number): number {
  const length = (buffer[at]! << 16) | (buffer[at + 1]! << 8) | buffer[at + 2]!;
  // RFC 9113, 4.2.
  if (length > LEAST_MAX_FRAME_SIZE)
    throw new ConnectionError(ErrorCode.frameSizeError, 'frame larger than 16,384 octets');
  return length;
}
