import type { Connection } from './connection.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import { FrameType, writeUint32 } from './frame.ts';

/** How long the last words of a connection, or an answer to our PING, may take. */
const lingerMs = 1000;
const greatestStreamId = 2 ** 31 - 1;
const drainPing = Buffer.from('draining', 'latin1');

/** How a connection ends: gracefully in two steps (RFC 9113, 6.8), or with an error (5.4.1). */
export class Closing {
  /** `draining`: told to go, and may still open streams. `refusing`: streams above `lastServed` are ignored. */
  state: 'open' | 'draining' | 'refusing' | 'ended' = 'open';
  lastServed = greatestStreamId;
  private readonly connection: Connection;
  private timer: NodeJS.Timeout | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The peer is told to go, calls in flight end, then the connection closes. */
  drain(): void {
    if (this.state !== 'open') return;
    this.state = 'draining';
    this.goaway(greatestStreamId, ErrorCode.noError, '');
    // Streams that the peer opened before it knew still arrive; its answer says that it knows.
    this.connection.sender.control(FrameType.ping, 0, 0, drainPing);
    this.timer = setTimeout(() => this.refuseNew(), lingerMs).unref();
    this.connection.touch();
  }

  refuseNew(): void {
    if (this.state !== 'draining') return;
    this.state = 'refusing';
    this.lastServed = this.connection.streams.lastId;
    this.goaway(this.lastServed, ErrorCode.noError, '');
    this.connection.touch();
  }

  closeIfDone(): void {
    const mayClose = this.state === 'refusing' || (this.connection.control.peerIsLeaving && this.state !== 'ended');
    if (mayClose && this.connection.streams.open.size === 0) this.end();
  }

  fail(error: unknown): void {
    if (this.state === 'ended') return;
    const { observer, streams } = this.connection;
    observer.counters.connectionErrors++;
    const known = error instanceof ConnectionError;
    if (!known) observer.onInternalError(error);
    const message = known ? error.message : 'internal error';
    this.goaway(streams.lastId, known ? error.code : ErrorCode.internalError, message);
    this.end();
  }

  private end(): void {
    const { sender, socket } = this.connection;
    this.ended();
    sender.output.flush();
    socket.end();
    // Still read, so that what the peer sends does not reset the connection under our last words.
    socket.resume();
    if (!socket.destroyed) this.timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  }

  /** Whatever is open is lost. */
  ended(): void {
    this.state = 'ended';
    clearTimeout(this.timer);
    for (const stream of this.connection.streams.open.values()) {
      this.connection.forget(stream);
      stream.aborted();
    }
  }

  private goaway(lastId: number, code: ErrorCode, message: string): void {
    const text = Buffer.from(message.slice(0, 200), 'latin1');
    const payload = new Uint8Array(8 + text.length);
    writeUint32(payload, 0, lastId);
    writeUint32(payload, 4, code);
    payload.set(text, 8);
    this.connection.sender.control(FrameType.goaway, 0, 0, payload);
  }
}
