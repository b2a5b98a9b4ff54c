import type { BatchClock } from './batch-clock.ts';
import type { Share } from '../listen/budget.ts';
import { ConnectionError, ErrorCode, protocolError } from './error-code.ts';
import type { FloodGuard } from './flood-guard.ts';
import { Flag, FrameType, readUint31 } from './frame.ts';
import type { FrameWriter } from './frame-writer.ts';
import { HeaderBlocks } from './header-blocks.ts';
import type { OpenBlock } from './header-blocks.ts';
import type { Limits } from './limits.ts';
import type { Stream } from './stream.ts';
import type { Streams } from './streams.ts';

export interface RequestFramesPorts {
  readonly limits: Limits;
  readonly clock: BatchClock;
  readonly writer: FrameWriter;
  readonly streams: Streams;
  readonly floods: FloodGuard;
  readonly memory: Share;
  /** Of requests' fields, those that gRPC does not need are read too. */
  readonly keepsAllFields: boolean;
}

/** DATA, HEADERS and CONTINUATION: the frames of requests. */
export class RequestFrames {
  readonly #clock: BatchClock;
  readonly #writer: FrameWriter;
  readonly #streams: Streams;
  readonly #floods: FloodGuard;
  readonly #blocks: HeaderBlocks;
  /** Set from a HEADERS without END_HEADERS to the last CONTINUATION: nothing else may come between (RFC 9113, 6.10). */
  openBlock: OpenBlock | undefined = undefined;
  /** DATA octets the peer may still send on the connection. */
  #window: number;
  readonly #fullWindow: number;

  constructor({ limits, clock, writer, streams, floods, memory, keepsAllFields }: RequestFramesPorts) {
    this.#clock = clock;
    this.#writer = writer;
    this.#streams = streams;
    this.#floods = floods;
    this.#blocks = new HeaderBlocks(limits, memory, keepsAllFields);
    this.#fullWindow = this.#window = limits.connectionWindowBytes;
  }

  /** RFC 9113, 6.1. */
  data(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    const streams = this.#streams;
    // The padding counts too: section 6.9.1.
    const length = end - start;
    this.#window -= length;
    if (this.#window < 0) throw new ConnectionError(ErrorCode.flowControlError, 'DATA beyond the connection window');
    let from = start;
    let to = end;
    if ((flags & Flag.padded) !== 0) {
      to = unpadded(buffer, start, end);
      from = start + 1;
    }
    const stream = streams.open.get(id);
    if (stream === undefined) return this.#dataOnAbsent(id, from === to);
    if (stream.remoteClosed) return streams.fault(stream, ErrorCode.streamClosed);
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) return streams.fault(stream, ErrorCode.flowControlError);
    const ended = (flags & Flag.endStream) !== 0;
    if (from === to && !ended) this.#floods.emptyFrame();
    if (stream.bodyDue >= 0 && !this.#bodyFits(stream, to - from, ended)) {
      return streams.fault(stream, ErrorCode.protocolError);
    }
    stream.remoteClosed = ended;
    stream.data(buffer, from, to, ended);
  }

  /** RFC 9113, 8.1.1: the body is as long as `content-length` says. */
  #bodyFits(stream: Stream, bytes: number, ended: boolean): boolean {
    stream.bodyDue -= bytes;
    return ended ? stream.bodyDue === 0 : stream.bodyDue >= 0;
  }

  #dataOnAbsent(id: number, isEmpty: boolean): void {
    const streams = this.#streams;
    // RFC 9113, 6.8: what belongs to streams that our GOAWAY has left out is ignored.
    if (id > streams.ids.lastServed) return;
    const why = streams.ids.whyAbsent(id);
    if (why === 'idle') throw protocolError('DATA on an idle stream');
    // Other frames are not counted, since their octets are: many may be on their way to a call that was refused.
    if (isEmpty) this.#floods.emptyFrame();
    if (why !== 'reset') streams.refuse(id, ErrorCode.streamClosed);
  }

  /**
   * Once per batch: opens the connection's window fully again, even if some streams are read slowly (RFC 9113, 6.9).
   */
  replenish(): void {
    const used = this.#fullWindow - this.#window;
    if (used < this.#fullWindow / 2) return;
    this.#writer.number(FrameType.windowUpdate, 0, used);
    this.#window = this.#fullWindow;
  }

  /** RFC 9113, 6.2. */
  headers(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (id % 2 === 0) throw protocolError('HEADERS on a stream that does not belong to a client');
    let from = start;
    let to = end;
    let dependsOnItself = false;
    if ((flags & Flag.padded) !== 0) {
      to = unpadded(buffer, start, end);
      from++;
    }
    if ((flags & Flag.priority) !== 0) {
      if (to - from < 5) throw new ConnectionError(ErrorCode.frameSizeError, 'HEADERS too short for its priority');
      dependsOnItself = readUint31(buffer, from) === id;
      from += 5;
    }
    const endStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) return this.#block(id, endStream, dependsOnItself, buffer, from, to);
    this.openBlock = {
      streamId: id,
      endStream,
      dependsOnItself,
      fragments: Buffer.alloc(0),
      continuations: 0,
      sinceMs: this.#clock.nowMs,
    };
    this.#blocks.extend(this.openBlock, buffer, from, to);
  }

  /** RFC 9113, 6.10. */
  continuation(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    const open = this.openBlock;
    if (open === undefined) throw protocolError('CONTINUATION without HEADERS');
    if (start === end) this.#floods.emptyFrame();
    open.continuations++;
    this.#blocks.extend(open, buffer, start, end);
    if ((flags & Flag.endHeaders) === 0) return;
    this.release();
    this.#block(id, open.endStream, open.dependsOnItself, open.fragments, 0, open.fragments.length);
  }

  /** The block that was open is whole, or the connection is gone. */
  release(): void {
    if (this.openBlock !== undefined) this.#blocks.release(this.openBlock);
    this.openBlock = undefined;
  }

  #block(id: number, ended: boolean, selfish: boolean, buffer: Buffer, start: number, end: number): void {
    const streams = this.#streams;
    if (id <= streams.ids.last) return this.#trailers(id, ended, buffer, start, end);
    // Decoded in any case, so that the tables of both ends stay the same (RFC 9113, 4.3).
    const head = this.#blocks.request(buffer, start, end);
    streams.begin(id, head, ended, selfish);
  }

  /** RFC 9113, 8.1: a second block on a stream ends its request. */
  #trailers(id: number, ended: boolean, buffer: Buffer, start: number, end: number): void {
    const streams = this.#streams;
    const fit = this.#blocks.trailers(buffer, start, end);
    const stream = streams.open.get(id);
    if (id > streams.ids.lastServed) return;
    if (stream === undefined) {
      const why = streams.ids.whyAbsent(id);
      if (why === 'reset') return this.#floods.emptyFrame();
      // RFC 9113, 5.1.1: identifiers only grow; 5.1: nothing follows END_STREAM.
      const code = why === 'closed' ? ErrorCode.streamClosed : ErrorCode.protocolError;
      throw new ConnectionError(code, `HEADERS on a stream that is ${why}`);
    }
    if (stream.remoteClosed) return streams.fault(stream, ErrorCode.streamClosed);
    if (!ended || !fit || stream.bodyDue > 0) return streams.fault(stream, ErrorCode.protocolError);
    stream.remoteClosed = true;
    stream.end();
  }
}

/** @returns where the content ends. RFC 9113, 6.1 and 6.2: padding as long as the payload is an error. */
function unpadded(buffer: Buffer, start: number, end: number): number {
  if (start === end) throw new ConnectionError(ErrorCode.frameSizeError, 'no room for the pad length');
  const to = end - buffer[start]!;
  if (to <= start) throw protocolError('padding as long as its frame');
  return to;
}
