/** Serves gRPC with @grpc/grpc-js: the one module that knows it. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import type { Clock } from '../clock.ts';
import { listenOn } from '../listen/socket.ts';
import { secureContextOptions } from '../listen/tls.ts';
import type { TlsMaterial } from '../listen/tls.ts';
import { admit, ConnectionRoom } from '../listen/connection-room.ts';
import { settle } from '../settle.ts';
import { GrpcJsCall } from './grpc-js-call.ts';
import { guardStreams } from './grpc-js-guard.ts';
import type { GuardAbuse, GuardOptions } from './grpc-js-guard.ts';
import { Code, RpcError } from './rpc.ts';
import type { ListenOptions, Method, RpcListener, RpcTransport } from './rpc.ts';

/** What the library makes `grpc-status` and `grpc-message` of. */
interface Status {
  readonly code: Code;
  readonly details: string;
}
type OnFailure = NonNullable<ListenOptions['onFailure']>;
/** What is the same for all calls of a listener. */
interface Serving {
  readonly onFailure: OnFailure;
  readonly clock: Clock;
}

export interface GrpcJsSettings extends Partial<Pick<GuardOptions, 'totalBufferedBytes'>> {
  /** Called with what a peer did when it was stopped. */
  readonly onAbuse?: (kind: GuardAbuse | 'too_many_connections') => void;
  readonly clock: Clock;
}

export function grpcJsTransport(settings: GrpcJsSettings): RpcTransport {
  return (options) => listen(options, settings);
}

async function listen(
  options: ListenOptions,
  { totalBufferedBytes = 24 * 1024 * 1024, onAbuse = () => {}, clock }: GrpcJsSettings,
): Promise<RpcListener> {
  const server = new Server({
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_concurrent_streams': 1000,
    // Megabytes, as Node has it; the library would have no bound.
    'grpc-node.max_session_memory': 10,
    // A peer that is gone without a FIN holds its connection for 80 s at most. Envoy answers pings.
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.enable_channelz': 0,
  });
  const onFailure = options.onFailure ?? ((): void => {});
  for (const method of options.methods) register(server, method, { onFailure, clock });

  const credentials = options.tls === undefined ? undefined : new ReplaceableCredentials(options.tls);
  const injector = server.createConnectionInjector(credentials ?? ServerCredentials.createInsecure());
  guardStreams(server, { methods: options.methods, totalBufferedBytes, onAbuse, now: () => clock.monotonic() });
  // The socket is not the library's, which would resolve names itself, log faults to the console and set the
  // permissions of a Unix socket late.
  const listener = createServer({ noDelay: true, keepAlive: true }, (socket) => injector.injectConnection(socket));
  const room = new ConnectionRoom({
    most: options.maxConnections ?? 10_000,
    now: () => clock.monotonic(),
    onFull: () => onAbuse('too_many_connections'),
  });
  admit(listener, (socket) => room.enter(socket));
  const address = await listenOn(listener, options.address);

  let draining: Promise<void> | undefined;
  return {
    address,
    updateTls(tls): void {
      if (credentials === undefined) throw new TypeError('the listener was opened without TLS');
      credentials.replace(tls);
    },
    drain(timeoutMs): Promise<void> {
      draining ??= drain(server, listener, room.sockets, timeoutMs);
      return draining;
    },
  };
}

async function drain(
  server: Server,
  listener: ReturnType<typeof createServer>,
  sockets: ReadonlyMap<Socket, unknown>,
  timeoutMs: number,
): Promise<void> {
  const closed = once(listener, 'close');
  listener.close();
  const cut = setTimeout(() => {
    server.forceShutdown();
    // Including those without an HTTP/2 session yet.
    for (const socket of sockets.keys()) socket.destroy();
  }, timeoutMs);
  // GOAWAY on every session; each ends with its last call.
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  await closed;
  clearTimeout(cut);
}

/** Hands a new secure context to the TLS server, which uses it for new connections. */
class ReplaceableCredentials extends ServerCredentials {
  constructor(tls: TlsMaterial) {
    const mutual = tls.clientAuthorities !== undefined;
    super({ requestCert: mutual, rejectUnauthorized: mutual, handshakeTimeout: 10_000 }, secureContextOptions(tls));
  }

  replace(tls: TlsMaterial): void {
    this.updateSecureContextOptions(secureContextOptions(tls));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function register(server: Server, method: Method, serving: Serving): void {
  const { path } = method;
  switch (method.kind) {
    case 'unary':
      server.register(path, unary(method, serving), toBuffer, identity, 'unary');
      return;
    case 'server_streaming':
      server.register(
        path,
        (stream: ServerWritableStream<Buffer, Uint8Array>) => {
          const call = new GrpcJsCall(stream, serving.clock);
          void pump(stream, () => method.handle(stream.request, call), call, path, serving.onFailure);
        },
        toBuffer,
        identity,
        'serverStream',
      );
      return;
    case 'bidirectional':
      server.register(
        path,
        (stream: ServerDuplexStream<Buffer, Uint8Array>) => {
          const call = new GrpcJsCall(stream, serving.clock);
          // Reading to the end must not close the side that writes.
          const requests = stream.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
          void pump(stream, () => method.handle(requests, call), call, path, serving.onFailure);
        },
        toBuffer,
        identity,
        'bidi',
      );
  }
}

function unary(method: Method & { kind: 'unary' }, { onFailure, clock }: Serving) {
  return (grpcCall: ServerUnaryCall<Buffer, Uint8Array>, callback: sendUnaryData<Uint8Array>): void => {
    const call = new GrpcJsCall(grpcCall, clock);
    const succeed = (response: Uint8Array): void => {
      call.finish();
      // The library may keep it.
      callback(null, Buffer.from(response));
    };
    const fail = (error: unknown): void => {
      const failed = toStatus(error, call, method.path, onFailure);
      call.finish();
      callback(failed);
    };
    try {
      void settle(method.handle(grpcCall.request, call), succeed, fail);
    } catch (error) {
      fail(error);
    }
  };
}

async function pump(
  stream: ServerWritableStream<Buffer, Uint8Array> | ServerDuplexStream<Buffer, Uint8Array>,
  handle: () => AsyncIterable<Uint8Array>,
  call: GrpcJsCall,
  path: string,
  onFailure: OnFailure,
): Promise<void> {
  try {
    for await (const message of handle()) {
      if (call.signal.aborted) return;
      if (!stream.write(message)) await once(stream, 'drain', { signal: call.signal });
    }
    call.finish();
    stream.end();
  } catch (error) {
    const failed = toStatus(error, call, path, onFailure);
    call.finish();
    // The library ends the call with the status of the stream's error.
    stream.emit('error', failed);
  }
}

function toStatus(error: unknown, call: GrpcJsCall, path: string, onFailure: OnFailure): Status {
  // A lone surrogate would fail in the percent-encoding of `grpc-message`.
  if (error instanceof RpcError) return { code: error.code, details: error.message.toWellFormed() };
  // An error that a handler throws because its caller has left is ignored.
  if (call.cancelled) return { code: Code.cancelled, details: 'cancelled' };
  onFailure(path, error);
  return { code: Code.internal, details: 'internal error' };
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
