import type { Duplex } from 'node:stream';
import { isPlainSocket } from './plain-socket.ts';

const BUFFER_BYTES = 64 * 1024;
/** Buffers that no connection holds. An idle connection has none. */
const spare: Buffer[] = [];
const MOST_SPARE = 16;
const NONE = Buffer.alloc(0);

/** Collects the output of a connection, so that a batch of answers is one write. */
export class Output {
  buffer: Buffer = NONE;
  /** Octets collected and not yet written. */
  length = 0;
  #written = 0;
  /** Octets ever given to the socket. */
  #given = 0;
  readonly #socket: Duplex;
  /**
   * The kernel copies what it takes, so a buffer that it has taken whole is free again. A TLS socket,
   * or a stream that is no socket, may still read from the buffer after the write.
   */
  readonly #socketCopies: boolean;

  constructor(socket: Duplex) {
    this.#socket = socket;
    this.#socketCopies = isPlainSocket(socket);
  }

  /** Makes room for `bytes` octets in `buffer`. @returns where they start. */
  reserve(bytes: number): number {
    if (this.length + bytes > this.buffer.length) this.#makeRoom(bytes);
    const at = this.length;
    this.length = at + bytes;
    return at;
  }

  /** Gives back what was reserved and not used: `end` is where the next octet goes. */
  trim(end: number): void {
    this.length = end;
  }

  /** Octets that were written to the socket and are not yet passed on. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  /** The number of octets that the socket has accepted in total. */
  get taken(): number {
    return this.#given - this.backlog;
  }

  /** Octets written since this was last asked. */
  takeWritten(): number {
    const written = this.#written;
    this.#written = 0;
    return written;
  }

  flush(): void {
    const { buffer, length } = this;
    const socket = this.#socket;
    if (length === 0) return;
    this.length = 0;
    if (socket.destroyed || socket.writableEnded) return;
    this.#written += length;
    this.#given += length;
    const octets = length === buffer.length ? buffer : buffer.subarray(0, length);
    if (!this.#socketCopies) {
      socket.write(Buffer.from(octets));
      return this.#release();
    }
    socket.write(octets);
    if (socket.writableLength === 0) this.#release();
    else this.buffer = NONE;
  }

  #release(): void {
    if (this.buffer.length === BUFFER_BYTES && spare.length < MOST_SPARE) spare.push(this.buffer);
    this.buffer = NONE;
  }

  #makeRoom(bytes: number): void {
    this.flush();
    if (this.buffer !== NONE) this.#release();
    this.buffer =
      bytes > BUFFER_BYTES ? Buffer.allocUnsafeSlow(bytes) : (spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES));
  }
}
