import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { ListenOptions, RpcListener, RpcTransport } from '../grpc/rpc.ts';
import { listenOn } from '../listen/socket.ts';
import { secureContextOptions } from '../listen/tls.ts';
import { admit, ConnectionRoom } from '../listen/connection-room.ts';
import { createBudgets } from './budgets.ts';
import type { Budgets } from './budgets.ts';
import { Connection } from './connection.ts';
import { grpcApplication } from './grpc/application.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { HttpHandler } from './http/http-stream.ts';
import type { Limits } from './limits.ts';
import { zeroCounters } from './transport-events.ts';
import type { TransportObserver } from './transport-events.ts';

/** How often connections are looked at for what takes too long. */
const SWEEP_MS = 1000;
/** How long a drain waits for TLS handshakes: they have asked for nothing yet. */
const HANDSHAKE_DRAIN_MS = 1000;

export interface Http2TransportSettings {
  readonly limits?: Partial<Limits>;
  readonly observer?: TransportObserver;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Serves requests that are no gRPC; absent: they are refused. */
  readonly http?: HttpHandler;
}

/** Serves gRPC with this folder's HTTP/2: over TCP, Unix sockets and TLS (ALPN `h2`). */
export function http2Transport(settings: Http2TransportSettings): RpcTransport {
  const completed = complete(settings);
  return (options) => listen(options, completed);
}

function complete(settings: Http2TransportSettings): Settings {
  const limits = { ...DEFAULT_LIMITS, ...settings.limits };
  const { now } = settings;
  return {
    limits,
    observer: settings.observer ?? { counters: zeroCounters(), onAbuse() {}, onInternalError() {} },
    now,
    budgets: createBudgets(limits, now()),
    http: settings.http,
  };
}

interface Settings {
  readonly limits: Limits;
  readonly observer: TransportObserver;
  readonly now: () => number;
  readonly budgets: Budgets;
  readonly http: HttpHandler | undefined;
}

async function listen(options: ListenOptions, settings: Settings): Promise<RpcListener> {
  const acceptor = createAcceptor(options, settings);
  const { server } = acceptor;
  const address = await listenOn(server, options.address);
  return {
    address,
    updateTls: acceptor.updateTls,
    drain(timeoutMs) {
      server.close();
      return acceptor.drain(timeoutMs);
    },
  };
}

/** Serves the sockets it is given, no matter who accepted them. */
export interface SocketAcceptor extends Pick<RpcListener, 'updateTls' | 'drain'> {
  accept(socket: Socket): void;
}

export function http2Acceptor(
  options: Omit<ListenOptions, 'address'>,
  settings: Http2TransportSettings,
): SocketAcceptor {
  const { server, updateTls, drain } = createAcceptor(options, complete(settings));
  return { accept: (socket) => void server.emit('connection', socket), updateTls, drain };
}

function createAcceptor(
  options: Omit<ListenOptions, 'address'>,
  settings: Settings,
): Omit<SocketAcceptor, 'accept'> & { server: Server } {
  const { limits, observer, now } = settings;
  const connections = new Set<Connection>();
  const handshaking = new Set<Socket>();
  let draining = false;
  const application = grpcApplication(options, limits, settings.http);
  const { server, updateTls } = createListener(options, limits, (socket) => {
    const connection = new Connection(socket, application, settings);
    connections.add(connection);
    handshaking.delete(underneath(socket));
    socket.once('close', () => connections.delete(connection));
    // Accepted before the listener was closed, handed over after.
    if (draining) connection.drain();
  });
  // Includes sockets in a TLS handshake, which are not connections yet.
  const room = new ConnectionRoom({
    most: options.maxConnections ?? limits.maxConnections,
    now,
    onFull: () => observer.onAbuse('too_many_connections'),
  });
  const { sockets } = room;
  const allClosed = Promise.withResolvers<void>();
  const cutHandshakes = (): void => {
    for (const socket of handshaking) socket.destroy();
  };
  const addHandshake = (socket: Socket): void => {
    handshaking.add(socket);
    socket.once('close', () => handshaking.delete(socket));
    if (draining) setTimeout(cutHandshakes, HANDSHAKE_DRAIN_MS).unref();
  };
  admit(server, (socket) => {
    if (!room.enter(socket)) return false;
    if (options.tls !== undefined) addHandshake(socket);
    socket.once('close', () => {
      if (draining && sockets.size === 0) allClosed.resolve();
    });
    return true;
  });
  const sweeping = setInterval(() => {
    for (const connection of connections) connection.sweep();
  }, SWEEP_MS).unref();

  return {
    server,
    updateTls,
    async drain(timeoutMs) {
      draining = true;
      for (const connection of connections) connection.drain();
      const cut = setTimeout(() => {
        for (const socket of sockets.keys()) socket.destroy();
      }, timeoutMs);
      const cutSoon = setTimeout(cutHandshakes, HANDSHAKE_DRAIN_MS);
      if (sockets.size > 0) await allClosed.promise;
      clearTimeout(cut);
      clearTimeout(cutSoon);
      clearInterval(sweeping);
    },
  };
}

/**
 * The accepted socket under one of TLS, which Node keeps as `_parent`. Where it does not, a drain would
 * cut connections as if they were handshakes: tests of drains fail then.
 */
function underneath(socket: Socket): Socket {
  // oxlint-disable-next-line eslint/no-underscore-dangle -- Node's own name, and it has no other
  return (socket as { _parent?: Socket })._parent ?? socket;
}

interface Listener {
  readonly server: Server;
  updateTls: RpcListener['updateTls'];
}

function createListener(
  options: Pick<ListenOptions, 'tls'>,
  limits: Limits,
  onSocket: (socket: Socket) => void,
): Listener {
  const { tls } = options;
  const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };
  if (tls === undefined) {
    const server = createServer(socketOptions, onSocket);
    return {
      server,
      updateTls() {
        throw new TypeError('this listener has no TLS');
      },
    };
  }
  // Loaded where TLS is served alone: 4 MB.
  const server: TlsServer = process.getBuiltinModule('node:tls').createServer({
    ...socketOptions,
    ...secureContextOptions(tls),
    requestCert: tls.clientAuthorities !== undefined,
    rejectUnauthorized: tls.clientAuthorities !== undefined,
    // RFC 9113, 3.2: HTTP/2 over TLS is agreed on by ALPN, or not spoken.
    ALPNProtocols: ['h2'],
    handshakeTimeout: limits.handshakeTimeoutMs,
  });
  server.on('secureConnection', (socket) => {
    // In TLS 1.2 each renegotiation costs a handshake, and HTTP/2 clients must not ask for one (RFC 9113, 9.2.1).
    socket.disableRenegotiation();
    if (socket.alpnProtocol === 'h2') onSocket(socket);
    else socket.destroy();
  });
  // A handshake that fails concerns its client alone.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return { server, updateTls: (next) => server.setSecureContext(secureContextOptions(next)) };
}
