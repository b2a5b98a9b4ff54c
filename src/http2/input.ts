import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** For a connection that has little to say. */
const firstBytes = 16 * 1024;
/** As much as libuv reads at once. */
const fullBytes = 64 * 1024;
/** Less room than this is not worth a read of its own. */
const leastBytes = 16 * 1024;

/** Takes the octets `buffer[0..end)`, which are its own until it returns, or for good where it calls `retain`. */
export type OnChunk = (buffer: Buffer, end: number) => void;

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
  private readonly onChunk: OnChunk;
  private buffer = noBuffer;
  private isRetained = false;

  constructor(socket: Duplex, onChunk: OnChunk) {
    this.onChunk = onChunk;
    this.isInPlace = socket instanceof Socket && !(socket instanceof TLSSocket) && this.readInPlace(socket);
    if (!this.isInPlace) socket.on('data', (chunk: Buffer) => onChunk(chunk, chunk.length));
  }

  /** To be called from `onChunk`: someone keeps a part of what was read. */
  retain(): void {
    this.isRetained = true;
  }

  private readInPlace(socket: Socket): boolean {
    const inside = socket as unknown as Inside;
    const symbols = Object.getOwnPropertySymbols(socket);
    const [kBuffer, kBufferCb, kBufferGen] = ['kBuffer', 'kBufferCb', 'kBufferGen'].map((name) =>
      symbols.find((symbol) => symbol.description === name),
    );
    const handle = inside['_handle'] as Handle | undefined;
    if (kBuffer === undefined || kBufferCb === undefined || kBufferGen === undefined) return false;
    if (typeof handle?.useUserBuffer !== 'function' || inside[kBuffer] !== null) return false;
    this.buffer = Buffer.allocUnsafeSlow(firstBytes);
    let bytes = 0;
    inside[kBuffer] = this.buffer;
    inside[kBufferCb] = (length: number): boolean => {
      bytes = length;
      this.onChunk(this.buffer, length);
      return true;
    };
    inside[kBufferGen] = () => this.nextBuffer(bytes);
    handle.useUserBuffer(this.buffer);
    return true;
  }

  /** @returns what to read into next; undefined: the same again. */
  private nextBuffer(bytes: number): Buffer | undefined {
    const { buffer } = this;
    if (this.isRetained) {
      this.isRetained = false;
      // What follows the retained octets is still free.
      this.buffer = buffer.length - bytes < leastBytes ? Buffer.allocUnsafeSlow(fullBytes) : buffer.subarray(bytes);
    } else if (bytes === buffer.length && bytes < fullBytes) this.buffer = Buffer.allocUnsafeSlow(fullBytes);
    return this.buffer === buffer ? undefined : this.buffer;
  }
}

/** What `net.Socket` keeps for its option `onread`. */
type Inside = Record<string | symbol, unknown>;
interface Handle {
  useUserBuffer?(buffer: Buffer): void;
}

const noBuffer = Buffer.alloc(0);
