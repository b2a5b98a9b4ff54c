import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { ListenOptions, RpcListener, RpcTransport } from '../rpc/rpc.ts';
import { listenOn } from '../rpc/socket.ts';
import { secureContextOptions } from '../rpc/tls.ts';
import { Connection } from './connection.ts';
import { grpcApplication } from './grpc/application.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { type TransportObserver, zeroCounters } from './observer.ts';

/** How often connections are looked at for what takes too long. */
const sweepMs = 1000;

export interface Http2TransportSettings {
  readonly limits?: Partial<Limits>;
  readonly observer?: TransportObserver;
  /** Monotonic milliseconds, the same as `performance.now()`. */
  readonly now?: () => number;
}

/** Serves gRPC with this folder's HTTP/2: over TCP, Unix sockets and TLS (ALPN `h2`). */
export function http2Transport(settings: Http2TransportSettings = {}): RpcTransport {
  const limits = { ...defaultLimits, ...settings.limits };
  const observer = settings.observer ?? { counters: zeroCounters(), onAbuse() {}, onInternalError() {} };
  const now = settings.now ?? (() => performance.now());
  return (options) => listen(options, { limits, observer, now });
}

interface Settings {
  readonly limits: Limits;
  readonly observer: TransportObserver;
  readonly now: () => number;
}

async function listen(options: ListenOptions, settings: Settings): Promise<RpcListener> {
  const { limits, observer } = settings;
  const connections = new Set<Connection>();
  const application = grpcApplication(options, limits);
  const { server, updateTls } = createListener(options, limits, (socket) => {
    const connection = new Connection(socket, application, settings);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  // Those in a TLS handshake too, which are no connections yet.
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.maxConnections = limits.maxConnections;
  server.on('drop', () => observer.onAbuse('too_many_connections'));

  const address = await listenOn(server, options.address);
  const sweeping = setInterval(() => {
    for (const connection of connections) connection.sweep();
  }, sweepMs).unref();

  return {
    address,
    updateTls,
    async drain(timeoutMs) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const connection of connections) connection.drain();
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, timeoutMs);
      await closed;
      clearTimeout(cut);
      clearInterval(sweeping);
    },
  };
}

interface Listener {
  readonly server: Server;
  updateTls: RpcListener['updateTls'];
}

function createListener(options: ListenOptions, limits: Limits, onSocket: (socket: Socket) => void): Listener {
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
  const server: TlsServer = createTlsServer({
    ...socketOptions,
    ...secureContextOptions(tls),
    requestCert: tls.clientAuthorities !== undefined,
    rejectUnauthorized: tls.clientAuthorities !== undefined,
    // RFC 9113, 3.2: HTTP/2 over TLS is agreed on by ALPN, or not spoken.
    ALPNProtocols: ['h2'],
    handshakeTimeout: limits.handshakeTimeoutMs,
  });
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === 'h2') onSocket(socket);
    else socket.destroy();
  });
  // A handshake that fails concerns its client alone.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return { server, updateTls: (next) => server.setSecureContext(secureContextOptions(next)) };
}
