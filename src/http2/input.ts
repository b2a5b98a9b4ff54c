import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Share } from '../listen/budget.ts';
import { isPlainSocket } from './plain-socket.ts';

/** For a connection that has little to say. */
const FIRST_BYTES = 4 * 1024;
/** As much as libuv reads at once. */
const FULL_BYTES = 64 * 1024;
/** Less room than this is not worth a read of its own. */
const LEAST_BYTES = 16 * 1024;
const NO_BUFFER = Buffer.alloc(0);

/**
 * Takes the octets `buffer[0..end)`, which are its own until it returns, where it calls `hold` until `letGo`, and for
 * good where `retain` is called in that time.
 * @param mayBeMore the next octets may come before anything else happens
 */
export type OnChunk = (buffer: Buffer, end: number, mayBeMore: boolean) => void;

/**
 * Reads a socket. Node gives each read a buffer of 64 KiB of its own, and freeing those costs more
 * than parsing what is in them, and drives the garbage collector over the whole heap. A plain socket
 * therefore reads into one buffer again and again, as `net.connect` offers by its option `onread`;
 * sockets of a server have it only inside. Where Node has changed that inside, and for TLS, the
 * event `data` does the same.
 */
export class Input {
  /** True where reads reuse their buffer. */
  readonly isInPlace: boolean;
  readonly #onChunk: OnChunk;
  #buffer: Buffer = NO_BUFFER;
  #isRetained = false;
  readonly #memory: Share;
  /** Octets of the buffers it reads into; the memory pays for those beyond the first. */
  #width = FIRST_BYTES;
  /** Something came lately that would not have fitted a small buffer. */
  #needsWidth = false;
  #isTooWide = false;
  /** The buffer whose octets are held, or one to spare. */
  #other: Buffer | undefined;
  #isHeld = false;

  constructor(socket: Duplex, onChunk: OnChunk, memory: Share) {
    this.#onChunk = onChunk;
    this.#memory = memory;
    this.isInPlace = isPlainSocket(socket) && this.#readInPlace(socket);
    if (!this.isInPlace) socket.on('data', (chunk: Buffer) => onChunk(chunk, chunk.length, true));
  }

  /** To be called from `onChunk`: what was read is needed until {@link letGo}. Until then nothing may be read. */
  hold(): void {
    this.#isHeld = true;
  }

  letGo(): void {
    this.#isHeld = false;
    if (this.#isRetained) this.#other = undefined;
    this.#isRetained = false;
  }

  /** To be called from `onChunk`, or while its octets are held: someone keeps a part of what was read. */
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

  /** In steps: what is read at once is answered at once. */
  #widen(bytes: number): void {
    this.#needsWidth = true;
    const width = Math.min(this.#width * 4, FULL_BYTES);
    if (bytes >= this.#width && width > this.#width && this.#memory.take(width - this.#width)) this.#width = width;
  }

  /** To be called about once a second: who has little to say any more gets a small buffer with his next word. */
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
