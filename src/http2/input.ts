import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Share } from '../listen/budget.ts';
import { isPlainSocket } from './plain-socket.ts';

/** For a connection with little traffic. */
const FIRST_BYTES = 4 * 1024;
/** The amount that libuv reads at once. */
const FULL_BYTES = 64 * 1024;
/** With less room than this, a read is not worthwhile. */
const LEAST_BYTES = 16 * 1024;
const NO_BUFFER = Buffer.alloc(0);

/**
 * Takes the octets `buffer[0..end)`. It may use them until it returns; if it calls `hold`, until `letGo`; and for ever
 * if `retain` is called in that time.
 * @param mayBeMore the next octets may come before anything else happens
 */
export type OnChunk = (buffer: Buffer, end: number, mayBeMore: boolean) => void;

/**
 * Reads a socket. Node allocates a buffer of 64 KiB for each read. Freeing these costs more than parsing their content,
 * and makes the garbage collector run over the whole heap. A plain socket therefore reuses one read buffer, as
 * `net.connect` offers with its option `onread`. Server sockets have this only internally. If Node changes these
 * internals, and for TLS, the event `data` does the same.
 */
export class Input {
  /** True if reads reuse their buffer. */
  readonly isInPlace: boolean;
  readonly #onChunk: OnChunk;
  #buffer: Buffer = NO_BUFFER;
  #isRetained = false;
  readonly #memory: Share;
  /** Octets of the read buffers; the memory budget pays for those beyond the first. */
  #width = FIRST_BYTES;
  /** Something arrived recently that would not have fitted into a small buffer. */
  #needsWidth = false;
  #isTooWide = false;
  /** The buffer whose octets are held, or a spare one. */
  #other: Buffer | undefined;
  #isHeld = false;

  constructor(socket: Duplex, onChunk: OnChunk, memory: Share) {
    this.#onChunk = onChunk;
    this.#memory = memory;
    // What somebody has read and put back, to see which protocol it is, comes as an event alone.
    const isFresh = socket.readableLength === 0;
    this.isInPlace = isFresh && isPlainSocket(socket) && this.#readInPlace(socket);
    if (!this.isInPlace) socket.on('data', (chunk: Buffer) => onChunk(chunk, chunk.length, true));
  }

  /** Call this from `onChunk` if its octets are needed until {@link letGo}. Until then nothing may be read. */
  hold(): void {
    this.#isHeld = true;
  }

  letGo(): void {
    this.#isHeld = false;
    if (this.#isRetained) this.#other = undefined;
    this.#isRetained = false;
  }

  /** Call this from `onChunk`, or while its octets are held, if a part of the octets is kept for longer. */
  retain(): void {
    this.#isRetained = true;
  }

  #readInPlace(socket: Socket): boolean {
    const inside = socket as unknown as Inside;
    const symbols = Object.getOwnPropertySymbols(socket);
    const [kBuffer, kBufferCb, kBufferGen] = ['kBuffer', 'kBufferCb', 'kBufferGen'].map((name) =>
      symbols.find((symbol) => symbol.description === name),
    );
    const handle = inside['_handle'] as Handle | undefined;
    if (kBuffer === undefined || kBufferCb === undefined || kBufferGen === undefined) return false;
    if (typeof handle?.useUserBuffer !== 'function' || inside[kBuffer] !== null) return false;
    this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
    let bytes = 0;
    inside[kBuffer] = this.#buffer;
    inside[kBufferCb] = (length: number): boolean => {
      bytes = length;
      this.#onChunk(this.#buffer, length, length === this.#buffer.length);
      return true;
    };
    inside[kBufferGen] = () => this.#nextBuffer(bytes);
    handle.useUserBuffer(this.#buffer);
    return true;
  }

  /** @returns what to read into next; undefined: the same again. */
  #nextBuffer(bytes: number): Buffer | undefined {
    const buffer = this.#buffer;
    const width = this.#width;
    if (bytes >= FIRST_BYTES) this.#widen(bytes);
    else if (this.#isTooWide) {
      this.release();
      this.#other = undefined;
    }
    if (this.#isHeld || (!this.#isRetained && this.#other !== undefined && this.#other.length > buffer.length))
      return this.#swap();
    // What follows octets that are retained is still free.
    if (this.#isRetained && buffer.length - bytes >= LEAST_BYTES) this.#buffer = buffer.subarray(bytes);
    else if (this.#isRetained || width !== this.#width) this.#buffer = this.#allocate();
    this.#isRetained = false;
    return this.#buffer === buffer ? undefined : this.#buffer;
  }

  #swap(): Buffer {
    const next = this.#other ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#other = this.#buffer;
    this.#buffer = next;
    return next;
  }

  #allocate(): Buffer {
    return Buffer.allocUnsafeSlow(this.#width);
  }

  /** Grows in steps, since everything that one read brings is answered at once. */
  #widen(bytes: number): void {
    this.#needsWidth = true;
    const width = Math.min(this.#width * 4, FULL_BYTES);
    if (bytes >= this.#width && width > this.#width && this.#memory.take(width - this.#width)) this.#width = width;
  }

  /** Call this about once a second: a connection with little traffic gets a small buffer at its next read. */
  relax(): void {
    this.#isTooWide = this.#width > FIRST_BYTES && !this.#needsWidth;
    this.#needsWidth = false;
  }

  /** Gives back what the memory has paid. */
  release(): void {
    this.#memory.give(this.#width - FIRST_BYTES);
    this.#width = FIRST_BYTES;
    this.#isTooWide = false;
  }
}

/** What `net.Socket` keeps for its option `onread`. */
type Inside = Record<string | symbol, unknown>;
interface Handle {
  useUserBuffer?(buffer: Buffer): void;
}
