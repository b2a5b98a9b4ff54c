import { gunzipSync } from 'node:zlib';
import { Code, RpcError } from '../../grpc/rpc.ts';
import { readUint32 } from '../frame.ts';
import type { StreamHost } from '../stream.ts';
import { prefixBytes } from './answers.ts';
import { hold } from './request-memory.ts';

const firstAllocation = 16 * 1024;
/** Unpacking a message takes as long as so many octets do, however few come out. */
const leastInflated = 8 * 1024;

/** What a call may receive. */
export interface MessageLimits {
  readonly maxMessageBytes: number;
  /** All messages of the connection together that are unfinished, or that no handler has taken. */
  readonly maxBufferedBytes: number;
}

/** Puts the messages of one call together from its DATA. Each one is a copy: the caller may keep it. */
export class MessageReader {
  private readonly host: StreamHost;
  private readonly limits: MessageLimits;
  private readonly isGzip: boolean;
  private readonly onMessage: (message: Uint8Array) => void;
  private readonly prefix = new Uint8Array(prefixBytes);
  private prefixSeen = 0;
  private expected = 0;
  private received = 0;
  private buffer: Buffer = Buffer.alloc(0);

  constructor(host: StreamHost, limits: MessageLimits, isGzip: boolean, onMessage: (message: Uint8Array) => void) {
    this.host = host;
    this.limits = limits;
    this.isGzip = isGzip;
    this.onMessage = onMessage;
  }

  get isWithinMessage(): boolean {
    return this.prefixSeen > 0;
  }

  /** @throws {RpcError} that ends the call. */
  push(input: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.prefixSeen < prefixBytes) {
        this.prefix[this.prefixSeen++] = input[at++]!;
        if (this.prefixSeen === prefixBytes) this.begin();
      } else {
        const take = Math.min(this.expected - this.received, end - at);
        this.makeRoom(this.received + take);
        input.copy(this.buffer, this.received, at, at + take);
        this.received += take;
        at += take;
      }
      if (this.prefixSeen === prefixBytes && this.received === this.expected) this.complete();
    }
  }

  /** Gives back what it held. */
  close(): void {
    this.host.bufferedRequestBytes -= this.buffer.length;
    this.buffer = Buffer.alloc(0);
  }

  private begin(): void {
    this.expected = readUint32(this.prefix, 1);
    this.received = 0;
    if (this.expected > this.limits.maxMessageBytes) throw tooLarge(this.limits.maxMessageBytes);
    if (this.prefix[0]! > 1) throw new RpcError(Code.internal, 'bad compression flag before a message');
    if (this.prefix[0] === 1 && !this.isGzip) {
      throw new RpcError(Code.internal, 'a compressed message in a call without grpc-encoding');
    }
  }

  /** Memory follows what has arrived, not what was announced. */
  private makeRoom(bytes: number): void {
    if (bytes <= this.buffer.length) return;
    const size = Math.min(this.expected, Math.max(bytes, this.buffer.length * 2, firstAllocation));
    const growth = size - this.buffer.length;
    hold(this.host, growth, this.limits.maxBufferedBytes);
    const grown = Buffer.allocUnsafeSlow(size);
    this.buffer.copy(grown, 0, 0, this.received);
    this.buffer = grown;
  }

  private complete(): void {
    const message = this.buffer.subarray(0, this.expected);
    this.close();
    this.prefixSeen = 0;
    this.expected = this.received = 0;
    this.onMessage(this.prefix[0] === 1 ? this.inflate(message) : message);
  }

  private inflate(message: Buffer): Buffer {
    const { inflation, clock, observer, sender } = this.host;
    if (!inflation.take(clock.nowMs, sender.answers, 0)) {
      observer.onAbuse('inflation_flood');
      throw new RpcError(Code.resourceExhausted, 'compressed messages unpack to more than this connection may send');
    }
    const { maxMessageBytes } = this.limits;
    // What can't be unpacked has cost something too.
    let cost = maxMessageBytes;
    try {
      const inflated = gunzipSync(message, { maxOutputLength: Math.max(1, maxMessageBytes) });
      cost = Math.max(inflated.length, leastInflated);
      return inflated;
    } catch (error) {
      if (error instanceof RangeError) throw tooLarge(maxMessageBytes);
      throw new RpcError(Code.internal, 'a message is not valid gzip');
    } finally {
      inflation.take(clock.nowMs, sender.answers, cost);
    }
  }
}

function tooLarge(maxMessageBytes: number): RpcError {
  return new RpcError(Code.resourceExhausted, `message larger than ${maxMessageBytes} bytes`);
}
