import { gunzipSync } from 'node:zlib';
import { Code, RpcError } from '../../grpc/rpc.ts';
import { readUint32 } from '../frame.ts';
import type { StreamHost } from '../stream.ts';
import { PREFIX_BYTES } from './answers.ts';
import { hold, letGo } from './request-memory.ts';

/** Octets are collected in pieces: a growing buffer would leave as much garbage as it holds. */
const PIECE_BYTES = 16 * 1024;
/** Free pieces for the next messages. Without reuse, an attacker could make garbage faster than it is collected. */
const spare: Buffer[] = [];
const MOST_SPARE = 256;
/** Unpacking any message counts as at least this many octets, however few come out. */
const LEAST_INFLATED = 8 * 1024;

const EMPTY = Buffer.alloc(0);

/** What a call may receive. */
export interface MessageLimits {
  readonly maxMessageBytes: number;
  /** Octets of all messages of the connection that are unfinished, or that no handler has taken. */
  readonly maxBufferedBytes: number;
}

/** Assembles the messages of one call from its DATA. Each message is a copy that the caller may keep. */
export class MessageReader {
  readonly #host: StreamHost;
  readonly #limits: MessageLimits;
  readonly #isGzip: boolean;
  readonly #onMessage: (message: Uint8Array) => void;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixSeen = 0;
  #expected = 0;
  #received = 0;
  readonly #pieces: Buffer[] = [];
  /** Octets used of the last piece. */
  #used = 0;
  #heldBytes = 0;

  constructor(host: StreamHost, limits: MessageLimits, isGzip: boolean, onMessage: (message: Uint8Array) => void) {
    this.#host = host;
    this.#limits = limits;
    this.#isGzip = isGzip;
    this.#onMessage = onMessage;
  }

  get isWithinMessage(): boolean {
    return this.#prefixSeen > 0;
  }

  /** @throws {RpcError} that ends the call. */
  push(input: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#prefixSeen < PREFIX_BYTES) {
        this.#prefix[this.#prefixSeen++] = input[at++]!;
        if (this.#prefixSeen === PREFIX_BYTES) this.#begin();
      } else {
        const piece = this.#pieceWithRoom();
        // What follows may be the next message's already.
        const take = Math.min(piece.length - this.#used, this.#expected - this.#received, end - at);
        input.copy(piece, this.#used, at, at + take);
        this.#used += take;
        this.#received += take;
        at += take;
      }
      if (this.#prefixSeen === PREFIX_BYTES && this.#received === this.#expected) this.#complete();
    }
  }

  /** Gives back what it held. */
  close(): void {
    for (const piece of this.#pieces) if (piece.length === PIECE_BYTES && spare.length < MOST_SPARE) spare.push(piece);
    letGo(this.#host, this.#heldBytes);
    this.#heldBytes = this.#used = this.#pieces.length = 0;
  }

  #begin(): void {
    this.#expected = readUint32(this.#prefix, 1);
    this.#received = 0;
    if (this.#expected > this.#limits.maxMessageBytes) throw tooLarge(this.#limits.maxMessageBytes);
    if (this.#prefix[0]! > 1) throw new RpcError(Code.internal, 'bad compression flag before a message');
    if (this.#prefix[0] === 1 && !this.#isGzip) {
      throw new RpcError(Code.internal, 'a compressed message in a call without grpc-encoding');
    }
  }

  /** Memory is allocated for octets that have arrived, not for the announced length. */
  #pieceWithRoom(): Buffer {
    const last = this.#pieces.at(-1);
    if (last !== undefined && this.#used < last.length) return last;
    const size = Math.min(this.#expected, PIECE_BYTES);
    hold(this.#host, size, this.#limits.maxBufferedBytes);
    this.#heldBytes += size;
    const piece = (size === PIECE_BYTES ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(size);
    this.#pieces.push(piece);
    this.#used = 0;
    return piece;
  }

  #complete(): void {
    // A short one is its own piece; the pieces of others are used again.
    const [only = EMPTY] = this.#pieces;
    const message = only.length < PIECE_BYTES ? only : Buffer.concat(this.#pieces, this.#expected);
    this.close();
    this.#prefixSeen = 0;
    this.#expected = this.#received = 0;
    this.#onMessage(this.#prefix[0] === 1 ? this.#inflate(message) : message);
  }

  #inflate(message: Buffer): Buffer {
    const { inflation, observer } = this.#host;
    if (!inflation.isAllowed) {
      observer.onAbuse('inflation_flood');
      throw new RpcError(Code.resourceExhausted, 'compressed messages unpack to more than may be sent');
    }
    const { maxMessageBytes } = this.#limits;
    // A message that can't be unpacked has cost work too.
    let cost = maxMessageBytes;
    try {
      const inflated = gunzipSync(message, { maxOutputLength: Math.max(1, maxMessageBytes) });
      cost = Math.max(inflated.length, LEAST_INFLATED);
      return inflated;
    } catch (error) {
      if (error instanceof RangeError) throw tooLarge(maxMessageBytes);
      throw new RpcError(Code.internal, 'a message is not valid gzip');
    } finally {
      inflation.spend(cost);
    }
  }
}

function tooLarge(maxMessageBytes: number): RpcError {
  return new RpcError(Code.resourceExhausted, `message larger than ${maxMessageBytes} bytes`);
}
