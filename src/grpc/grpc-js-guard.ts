/** Bounds that @grpc/grpc-js does not have itself. */
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

import { Budget } from '../listen/budget.ts';
import type { Share } from '../listen/budget.ts';
import { Code } from './rpc.ts';
import type { Method } from './rpc.ts';

/** For all connections together. An idle call takes about 15 kB here. */
const TOTAL_STREAMS = 4096;
/** What a connection may hold of the part that is left for those that need little. */
const SMALL_STREAMS = 4;
const SMALL_BYTES = 4096;
const MOST_BUFFERED_BYTES = 16 * 1024 * 1024;
const PREFIX_BYTES = 5;
const NO_ERROR = 0;
const REFUSED_STREAM = 7;
const CANCEL = 8;
/**
 * From a call's start to the end of its request, except for streaming methods; and the same while shared budgets are
 * low.
 */
const REQUEST_TIMEOUT_MS = 30_000;
const PRESSED_TIMEOUT_MS = 1000;

export type GuardAbuse = 'too_many_streams' | 'request_buffer_full' | 'slow_request';

export interface GuardOptions {
  readonly methods: readonly Method[];
  /** Octets of requests that are not answered yet, all connections together. */
  readonly totalBufferedBytes: number;
  readonly onAbuse: (kind: GuardAbuse) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

interface Account {
  readonly streams: Share;
  readonly bytes: Share;
}

/**
 * Handles each stream before the library does. It refuses compressed messages, of which the library would unpack any
 * number at once, and charges the memory of calls to budgets that all connections share.
 * @throws TypeError if the library's internals have changed, so that nothing would be bounded
 */
export function guardStreams(server: Server, { methods, totalBufferedBytes, onAbuse, now }: GuardOptions): void {
  // They take messages while they run.
  const bidirectional = new Set(methods.filter(({ kind }) => kind === 'bidirectional').map(({ path }) => path));
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> };
  const [http2Server] = http2Servers?.keys() ?? [];
  const [serve, ...others] = http2Server?.listeners('stream') ?? [];
  if (http2Server === undefined || serve === undefined || others.length > 0) {
    throw new TypeError('@grpc/grpc-js has changed inside: its streams can not be bounded');
  }
  const streams = new Budget(TOTAL_STREAMS, SMALL_STREAMS);
  const bytes = new Budget(totalBufferedBytes, SMALL_BYTES);
  const accounts = new WeakMap<object, Account>();
  const accountOf = (session: object): Account => {
    let account = accounts.get(session);
    if (account === undefined) {
      account = { streams: streams.share(), bytes: bytes.share(MOST_BUFFERED_BYTES) };
      accounts.set(session, account);
    }
    return account;
  };

  /** The start of each call whose request is not complete yet, the oldest first. */
  const unfinished = new Map<ServerHttp2Stream, number>();
  const isShort = (): boolean => streams.free < streams.total / 4 || bytes.free < bytes.total / 4;
  const sweeping = setInterval(() => {
    const before = now() - (isShort() ? PRESSED_TIMEOUT_MS : REQUEST_TIMEOUT_MS);
    for (const [stream, sinceMs] of unfinished) {
      if (sinceMs > before) return;
      onAbuse('slow_request');
      stream.close(CANCEL);
    }
  }, 1000).unref();
  http2Server.once('close', () => clearInterval(sweeping));

  http2Server.removeAllListeners('stream');
  http2Server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: unknown[]) => {
    if (stream.session === undefined) return stream.close();
    const encoding = headers['grpc-encoding'];
    if (encoding !== undefined && encoding !== 'identity') return refuseEncoding(stream);
    const account = accountOf(stream.session);
    if (!account.streams.take(1)) {
      onAbuse('too_many_streams');
      stream.on('error', () => {});
      return stream.close(REFUSED_STREAM);
    }
    const isBidirectional = bidirectional.has(headers[':path'] ?? '');
    if (!isBidirectional && !stream.endAfterHeaders) unfinished.set(stream, now());
    const meter = new Meter(account.bytes, isBidirectional);
    stream.once('close', () => {
      account.streams.give(1);
      unfinished.delete(stream);
      meter.close();
    });
    tellEncodings(stream);
    serve.call(http2Server, stream, headers, ...rest);
    stream.once('end', () => unfinished.delete(stream));
    // The library has paused the stream: nothing is missed.
    stream.on('data', (chunk: Buffer) => {
      if (meter.take(chunk) || stream.closed) return;
      onAbuse('request_buffer_full');
      refuse(stream, Code.resourceExhausted, 'too many requests wait unfinished or unread');
    });
  });
}

function refuseEncoding(stream: ServerHttp2Stream): void {
  stream.on('error', () => {});
  stream.resume();
  refuse(stream, Code.unimplemented, 'compressed messages are not taken: use grpc-encoding identity');
}

function refuse(stream: ServerHttp2Stream, code: Code, message: string): void {
  if (!stream.headersSent) {
    const status = { 'grpc-status': code, 'grpc-message': message, 'grpc-accept-encoding': 'identity' };
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
  }
  stream.close(NO_ERROR);
}

/** The library announces gzip in each answer. */
function tellEncodings(stream: ServerHttp2Stream): void {
  const respond = stream.respond.bind(stream);
  stream.respond = (headers, options) => {
    // The library passes an object, never the pairs that Node also accepts.
    if (headers !== undefined && !Array.isArray(headers))
      Object.assign(headers, { 'grpc-accept-encoding': 'identity' });
    respond(headers, options);
  };
}

/** Counts what one call holds of its request: all of it, or the message that is not complete yet. */
class Meter {
  readonly #share: Share;
  readonly #isBidirectional: boolean;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixSeen = 0;
  #due = 0;
  #held = 0;
  #isClosed = false;

  constructor(share: Share, isBidirectional: boolean) {
    this.#share = share;
    this.#isBidirectional = isBidirectional;
  }

  /** @returns false if the connection may hold no more */
  take(chunk: Buffer): boolean {
    if (this.#isClosed) return true;
    if (!this.#share.take(chunk.length)) return false;
    this.#held += chunk.length;
    if (this.#isBidirectional && this.#endsMessage(chunk)) this.#give();
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#give();
  }

  #give(): void {
    this.#share.give(this.#held);
    this.#held = 0;
  }

  /** True if a message is complete: its reader waits for it, and the library continues to read when it was taken. */
  #endsMessage(chunk: Buffer): boolean {
    let at = 0;
    let ended = false;
    while (at < chunk.length) {
      if (this.#prefixSeen < PREFIX_BYTES) {
        this.#prefix[this.#prefixSeen++] = chunk[at++]!;
        if (this.#prefixSeen === PREFIX_BYTES) this.#due = this.#prefix.readUInt32BE(1);
      } else {
        const taken = Math.min(this.#due, chunk.length - at);
        this.#due -= taken;
        at += taken;
      }
      if (this.#prefixSeen < PREFIX_BYTES || this.#due > 0) continue;
      this.#prefixSeen = 0;
      ended = true;
    }
    return ended;
  }
}
