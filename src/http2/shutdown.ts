import type { Duplex } from 'node:stream';
import { ConnectionError, enough, ErrorCode } from './error-code.ts';
import type { FrameWriter } from './frame-writer.ts';
import { FrameType, writeUint32 } from './frame.ts';
import { GREATEST_STREAM_ID } from './stream-ids.ts';
import type { Streams } from './streams.ts';
import type { AbuseKind, TransportObserver } from './transport-events.ts';
import type { WriteScheduler } from './write-scheduling.ts';

/** How long the last writes of a connection, or the answer to the server's PING, may take. */
const LINGER_MS = 1000;
const DRAIN_PING = Buffer.from('draining', 'latin1');

export interface ShutdownPorts {
  readonly socket: Duplex;
  readonly observer: TransportObserver;
  readonly writes: WriteScheduler;
  readonly writer: FrameWriter;
  readonly streams: Streams;
}

/** How a connection ends: gracefully in two steps (RFC 9113, 6.8), or with an error (5.4.1). */
export class Shutdown {
  readonly #ports: ShutdownPorts;
  /**
   * `draining`: GOAWAY was sent, and the peer may still open streams. `refusing`: streams above the last served one are
   * ignored.
   */
  #state: 'open' | 'draining' | 'refusing' | 'ended' = 'open';
  #peerIsLeaving = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: ShutdownPorts) {
    this.#ports = ports;
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Sends GOAWAY, lets calls in flight end, then closes the connection. */
  drain(): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#goaway(GREATEST_STREAM_ID, ErrorCode.noError, '');
    // Streams that the peer opened before the GOAWAY still arrive; its answer to the PING shows that it has the GOAWAY.
    this.#ports.writer.control(FrameType.ping, 0, DRAIN_PING);
    this.#timer = setTimeout(() => this.refuseNew(), LINGER_MS).unref();
    this.#ports.writes.touch();
  }

  /** The peer knows that it is to go, or has had the time to. */
  refuseNew(): void {
    if (this.#state !== 'draining') return;
    this.#state = 'refusing';
    const { ids } = this.#ports.streams;
    ids.lastServed = ids.last;
    this.#goaway(ids.last, ErrorCode.noError, '');
    this.#ports.writes.touch();
  }

  /** The peer opens no more streams. */
  peerLeaves(): void {
    this.#peerIsLeaving = true;
  }

  closeIfDone(): void {
    const mayClose = this.#state === 'refusing' || (this.#peerIsLeaving && this.#state !== 'ended');
    if (mayClose && this.#ports.streams.open.size === 0) this.#end();
  }

  /** The peer has used up more than its share. */
  giveUp(kind: AbuseKind): void {
    this.fail(enough(kind));
  }

  /** A connection error of the peer's, or a fault of our own. */
  fail(error: unknown): void {
    if (this.hasEnded) return;
    const { observer, streams } = this.#ports;
    observer.counters.connectionErrors++;
    const known = error instanceof ConnectionError;
    if (!known) observer.onInternalError(error);
    else if (error.abuse !== undefined) observer.onAbuse(error.abuse);
    const message = known ? error.message : 'internal error';
    this.#goaway(streams.ids.last, known ? error.code : ErrorCode.internalError, message);
    this.#end();
  }

  #end(): void {
    const { writer, socket } = this.#ports;
    this.ended();
    writer.output.flush();
    socket.end();
    // Reading goes on, since unread octets would reset the connection before the peer has our last frames.
    socket.resume();
    if (!socket.destroyed) this.#timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  /** Whatever is open is lost. */
  ended(): void {
    this.#state = 'ended';
    clearTimeout(this.#timer);
    this.#ports.streams.abortAll();
  }

  #goaway(lastId: number, code: ErrorCode, message: string): void {
    const text = Buffer.from(message.slice(0, 200), 'latin1');
    const payload = new Uint8Array(8 + text.length);
    writeUint32(payload, 0, lastId);
    writeUint32(payload, 4, code);
    payload.set(text, 8);
    this.#ports.writer.control(FrameType.goaway, 0, payload);
  }
}
