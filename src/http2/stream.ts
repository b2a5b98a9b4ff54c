import type { Duplex } from 'node:stream';
import type { Share } from '../listen/budget.ts';
import type { BatchClock } from './batch-clock.ts';
import type { ErrorCode } from './error-code.ts';
import type { HeaderField } from './header-field.ts';
import type { Inflation } from './inflation.ts';
import type { Sender, SendingStream } from './sender.ts';
import type { TransportObserver } from './transport-events.ts';

/** What a stream may ask of its connection. */
export interface StreamHost {
  readonly observer: TransportObserver;
  readonly sender: Sender;
  readonly clock: BatchClock;
  /** Of the connection: who is at its other end. */
  readonly socket: Duplex;
  /** Calls that outlive their streams: they count as open streams. */
  lingering: number;
  /** Octets of messages that the connection's streams hold: unfinished, or not taken by their handlers. */
  bufferedRequestBytes: number;
  /** Octets that compressed messages may unpack to. */
  readonly inflation: Inflation;
  /** Pays for what the connection holds. */
  readonly memory: Share;
  /** Runs what no frame or answer of the peer's has caused: a fault there ends the connection, not the process. */
  guarded(act: () => void): void;
  /** Output was made outside a batch of frames: it is written before the next turn of the loop. */
  touch(): void;
  /** Called while a frame is handled: its buffer is kept, and so must not be read into again. */
  retainInput(): void;
  /** Both sides have ended, or ours has and the rest does not matter: the stream is forgotten. */
  finished(stream: Stream): void;
  /** Ends the stream with RST_STREAM. */
  reset(stream: Stream, code: ErrorCode): void;
  /** Lets the peer send this many octets more on the stream. */
  credit(stream: Stream, bytes: number): void;
}

/**
 * One stream (RFC 9113, section 5), from its HEADERS to the end of both sides. The connection calls
 * the abstract methods; everything else is its state.
 */
export abstract class Stream implements SendingStream {
  readonly id: number;
  readonly host: StreamHost;
  readonly openedAtMs: number;
  /** The peer has sent END_STREAM. */
  remoteClosed = false;
  /** Forgotten by its connection: ended, or reset by either side. */
  gone = false;
  /** DATA octets the peer may still send. */
  receiveWindow: number;
  /** Octets of the body still due by its `content-length`; -1 where none was announced (RFC 9113, 8.1.1). */
  bodyDue: number;
  /** Its sender's, as are the three below. */
  sendDelta = 0;
  queue: Uint8Array[] | undefined = undefined;
  queueOffset = 0;
  ending: readonly HeaderField[] | undefined = undefined;

  constructor(host: StreamHost, id: number, receiveWindow: number, bodyDue: number) {
    this.host = host;
    this.id = id;
    this.openedAtMs = host.clock.nowMs;
    this.receiveWindow = receiveWindow;
    this.bodyDue = bodyDue;
  }

  endSent(): void {
    this.host.finished(this);
  }

  /** What it counts for among the streams of all connections. */
  get weight(): number {
    return 1;
  }

  /** True if a peer that does not end its side within the request time-out is cut off. */
  abstract readonly expectsEndSoon: boolean;
  /** The connection knows the stream: it may answer from here on. */
  abstract start(): void;
  /** The payload of a DATA frame; `ended`: with END_STREAM, and `end` is not called. */
  abstract data(buffer: Buffer, start: number, end: number, ended: boolean): void;
  /** END_STREAM came without DATA. */
  abstract end(): void;
  /** Called about once a second: ends a call whose deadline has passed. */
  expire(): void {}
  /** The queue is empty and the socket takes more. */
  abstract drained(): void;
  /** The stream is gone before its answer was: reset by either side, or its connection ended. */
  abstract aborted(): void;
}
