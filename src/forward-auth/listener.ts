import { isIP } from 'node:net';
import type { BlockList, Socket } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ListenAddress } from '../listen/address.ts';
import { closeWithin } from '../listen/closing.ts';
import { admit, ConnectionRoom } from '../listen/connection-room.ts';
import { listenOn } from '../listen/socket.ts';
import { createAnswering } from './answering.ts';
import type { AnsweringOptions } from './answering.ts';

export interface ForwardAuthOptions extends AnsweringOptions {
  readonly address: ListenAddress;
  /** Peers that may ask. Whoever can open a Unix socket may always ask. */
  readonly trusted: BlockList;
  readonly maxConnections: number;
}

export interface ForwardAuthListener {
  /** The address that was bound. */
  readonly address: ListenAddress;
  /** From now on each answer closes its connection, so that none is in use when the listener closes. */
  leave(): void;
  /** Lets requests in flight finish, then closes. Cuts what remains after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

/** The size that Envoy accepts by default for all headers of a request (60 KiB), and room for what the proxy adds. */
const MAX_HEADER_BYTES = 72 * 1024;
/** TCP keep-alive finds peers that vanished without closing the connection. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Opens the listener for proxies that ask over HTTP: Envoy's `http_service`, `auth_request`, ForwardAuth and the
 * like. Each request is a Check: the decision, metrics and logs are the same as over gRPC.
 * @throws ListenError (rejects with it) if it can't be opened
 */
export async function openForwardAuth(options: ForwardAuthOptions): Promise<ForwardAuthListener> {
  const answering = await createAnswering(options);
  let isLeaving = false;
  const busy: Busy = new Map();
  const server = process.getBuiltinModule('node:http').createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 5000,
      joinDuplicateHeaders: false,
      // Idle connections stay open: a proxy that sends a question at the moment of closing would see a failure. If
      // there is no room, the connection that has been idle longest is closed.
      keepAliveTimeout: 0,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    },
    (request, response) => {
      // The body is discarded: no decision reads it here.
      request.resume();
      enter(busy, request.socket, response);
      const isAsked = isTrusted(request, options);
      if (isLeaving || !isAsked) response.shouldKeepAlive = false;
      if (isAsked) void answering.answer(request, response);
      else {
        const why = 'this peer may not ask: see --http-trusted-peers';
        answering.refuse(response, { reason: 'peer_untrusted', status: 403, why });
      }
    },
  );
  // With a limit, Node would silently drop further headers.
  server.maxHeadersCount = 0;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code !== 'ECONNRESET') options.onRefused('message_malformed', error.code ?? error.message);
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  const room = new ConnectionRoom({
    most: options.maxConnections,
    now: () => options.clock.monotonic(),
    onFull: () => options.onRefused('no_room', 'a connection was closed for lack of room'),
  });
  admit(server, (socket) => room.enter(socket));
  const address = await listenOn(server, options.address);
  return {
    address,
    leave() {
      isLeaving = true;
    },
    async drain(timeoutMs) {
      isLeaving = true;
      await closeWithin(timeoutMs, server, room.sockets, closingIdle(room, busy));
    },
  };
}

/** Returns a function that closes connections without unanswered requests from which nothing has arrived since its last call. */
function closingIdle(room: ConnectionRoom, busy: Busy): () => void {
  const seen = new Map<Socket, number>();
  // Node would wait for connections on which nothing was ever asked.
  return () => {
    for (const socket of room.sockets.keys()) {
      if (!busy.has(socket) && seen.get(socket) === socket.bytesRead) socket.destroy();
      seen.set(socket, socket.bytesRead);
    }
  };
}

/** The number of unanswered requests of each connection: a peer may send several without waiting. */
type Busy = Map<Socket, number>;

function enter(busy: Busy, socket: Socket, response: ServerResponse): void {
  busy.set(socket, (busy.get(socket) ?? 0) + 1);
  response.once('close', () => {
    const left = (busy.get(socket) ?? 0) - 1;
    if (left > 0) busy.set(socket, left);
    else busy.delete(socket);
  });
}

function isTrusted({ socket }: IncomingMessage, { address, trusted }: ForwardAuthOptions): boolean {
  if (address.kind === 'unix') return true;
  // Zones are local to this machine. On a socket for both families an IPv4 peer has an IPv6 address.
  const peer = (socket.remoteAddress ?? '').replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  const family = isIP(peer);
  return family !== 0 && trusted.check(peer, family === 6 ? 'ipv6' : 'ipv4');
}
