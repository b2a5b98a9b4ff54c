import { constants } from 'node:crypto';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { DescService } from '@bufbuild/protobuf';
import { PeopleService } from '../../gen/ostiary/v1/people_pb.js';
import { SyncService } from '../../gen/ostiary/v1/sync_pb.js';
import { MCP_PATH } from '../agents/handler.ts';
import type { Clock } from '../clock.ts';
import { isReferenceAsset } from '../console/reference.ts';
import type { AddressOf } from '../grpc/peer-address.ts';
import type { Call, ListenOptions, Method } from '../grpc/rpc.ts';
import { http2Acceptor } from '../http2/transport.ts';
import type { TransportObserver } from '../http2/transport-events.ts';
import type { ListenAddress } from '../listen/address.ts';
import { closeWithin } from '../listen/closing.ts';
import { admit, ConnectionRoom } from '../listen/connection-room.ts';
import { divertHttp2 } from '../listen/divert-http2.ts';
import { listenOn } from '../listen/socket.ts';
import { secureContextOptions } from '../listen/tls.ts';
import type { TlsMaterial } from '../listen/tls.ts';
import { refuse, roomForCalls } from '../operator/call-room.ts';
import type { TakeCall } from '../operator/call-room.ts';
import { createConnectHandler } from '../operator/connect.ts';
import type { OwnOrigin } from '../people/own-origin.ts';
import type { Handle } from './beside-methods.ts';
import { MOST_STRANGERS_BYTES } from './login-service.ts';
import { openApiOf } from './open-api.ts';

export interface ControlListenerOptions {
  readonly address: ListenAddress;
  readonly tls: TlsMaterial | undefined;
  readonly services: readonly DescService[];
  /** Each asks itself whether its caller may call it. */
  readonly methods: readonly Method[];
  /** Before a request is read. @throws RpcError (rejects with it) where the caller is nobody */
  readonly allow: (path: string, call: Call) => Promise<void>;
  /** Who calls by HTTP. */
  readonly addressOf: AddressOf;
  /** Which pages may call methods by a cookie, and by which names we are called. */
  readonly origin: Pick<OwnOrigin, 'isOwn' | 'problemOfHost'>;
  /** What is no method: pages, say. */
  readonly beside: Handle;
  readonly maxMessageBytes: number;
  readonly maxConnections: number;
  /** Of HTTP/2: one a sidecar. */
  readonly transport: TransportObserver;
  /** Of ostiary: in the OpenAPI document. */
  readonly version: string;
  readonly clock: Clock;
  readonly onFailure: NonNullable<ListenOptions['onFailure']>;
}

export interface ControlListener {
  /** As bound. */
  readonly address: ListenAddress;
  updateTls(tls: TlsMaterial): void;
  /** Lets calls in flight end, then closes. What remains after `timeoutMs` is cut. */
  drain(timeoutMs: number): Promise<void>;
}

/** What paths of methods begin with. */
const METHODS = '/ostiary.';
/** The most calls over HTTP/1.1 at once, of all connections. */
const MOST_CALLS = 256;
const HANDSHAKE_MS = 10_000;
/** Unread answers of all streams: when thousands of sidecars come at once, each is sent everything. */
const TOTAL_BUFFERED_BYTES = 128 * 1024 * 1024;
/** Of a sidecar's stream, in what the transport counts: each connection has one, and a few calls for a moment. */
const STREAM_WEIGHT = 5;
/** Of the largest size, under way at once. */
const BODIES = 2;

/**
 * Opens the listener of the control plane. On one port it speaks gRPC over HTTP/2, with our own transport, which carries
 * thousands of sidecars' streams; and Connect and gRPC-Web over HTTP/1.1 and HTTP/2, for curl, browsers and the command
 * line.
 * @throws ListenError (rejects with it) if it can't be opened
 */
export async function openControlListener(options: ControlListenerOptions): Promise<ControlListener> {
  const { clock, methods, maxMessageBytes, maxConnections, onFailure } = options;
  const handle = requestHandler(options);
  const http2 = http2Acceptor(
    { methods, tls: undefined, maxMessageBytes, maxConnections, onFailure },
    {
      now: () => clock.monotonic(),
      observer: options.transport,
      limits: { totalBufferedBytes: TOTAL_BUFFERED_BYTES, totalStreams: STREAM_WEIGHT * maxConnections },
      // They are what a handler of HTTP/1.1 uses of Node's.
      http: (request, response) => handle(request as unknown as IncomingMessage, response as unknown as ServerResponse),
    },
  );
  const { createServer } = process.getBuiltinModule('node:http');
  const http1 = createServer({ maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 60_000 }, handle);
  const room = new ConnectionRoom({ most: maxConnections, now: () => clock.monotonic(), onFull() {} });

  const toHttp2 = (socket: Socket): void => {
    // A client that has ended its side is gone. Sockets of Node's HTTP/1.1 would stay half open until something is sent.
    socket.allowHalfOpen = false;
    http2.accept(socket);
    // It was paused, to see which protocol it speaks.
    socket.resume();
  };
  const accepting = options.tls === undefined ? plain(http1, toHttp2) : secured(options.tls, http1, toHttp2);
  const { server } = accepting;
  admit(server, (socket) => room.enter(socket));
  const address = await listenOn(server, options.address);
  return {
    address,
    updateTls: (tls) => accepting.updateTls(tls),
    async drain(timeoutMs) {
      await Promise.all([
        http2.drain(timeoutMs),
        closeWithin(timeoutMs, server, room.sockets, () => http1.closeIdleConnections()),
      ]);
    },
  };
}

interface Room {
  readonly take: TakeCall;
  readonly serve: Handle;
}

interface Accepting {
  readonly server: Server;
  updateTls(tls: TlsMaterial): void;
}

function plain(http1: HttpServer, toHttp2: (socket: Socket) => void): Accepting {
  divertHttp2(http1, toHttp2);
  return {
    server: http1,
    updateTls() {
      throw new TypeError('this listener has no TLS');
    },
  };
}

/** The protocol is agreed on by ALPN (RFC 7301); who offers none speaks HTTP/1.1. */
function secured(tls: TlsMaterial, http1: HttpServer, toHttp2: (socket: Socket) => void): Accepting {
  // A resumed session would bring back a client certificate that is no longer trusted.
  const contextOptions = (material: TlsMaterial): SecureContextOptions => ({
    ...secureContextOptions(material),
    ...(material.clientAuthorities !== undefined && { secureOptions: constants.SSL_OP_NO_TICKET }),
  });
  const server = process.getBuiltinModule('node:tls').createServer({
    ...contextOptions(tls),
    // Who has no certificate may still have a token.
    requestCert: tls.clientAuthorities !== undefined,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: HANDSHAKE_MS,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.disableRenegotiation();
    if (socket.alpnProtocol === 'h2') toHttp2(socket);
    else http1.emit('connection', socket);
  });
  // A handshake that fails concerns its client alone.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return { server, updateTls: (next) => server.setSecureContext(contextOptions(next)) };
}

function requestHandler(options: ControlListenerOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { clock, services, methods, maxMessageBytes, onFailure } = options;
  const serving = {
    methods,
    allow: options.allow,
    addressOf: options.addressOf,
    maxMessageBytes,
    now: () => clock.monotonic(),
    onFailure,
  };
  const known = {
    take: roomForCalls(MOST_CALLS, () => clock.monotonic()),
    serve: createConnectHandler({
      ...serving,
      services: services.filter((service) => service !== SyncService && service !== PeopleService),
      // Of those who have shown a token: all documents of a company come in one request.
      totalBodyBytes: BODIES * maxMessageBytes,
    }),
  };
  // They prove in their messages who they are: however slow and large those are, other calls have room of their own.
  const strangers = {
    take: roomForCalls(MOST_CALLS, () => clock.monotonic()),
    serve: createConnectHandler({ ...serving, services: [SyncService] }),
  };
  const people = {
    take: strangers.take,
    serve: createConnectHandler({ ...serving, services: [PeopleService], maxMessageBytes: MOST_STRANGERS_BYTES }),
  };
  // Anybody may ask for a page, and begin a login that never ends.
  const visitors = { take: roomForCalls(MOST_CALLS, () => clock.monotonic()), serve: () => false };
  const rooms: readonly (readonly [string, Room])[] = [
    [`/${SyncService.typeName}/`, strangers],
    [`/${PeopleService.typeName}/`, people],
    [METHODS, known],
    // Who shows no token is refused before anything is read.
    [MCP_PATH, { ...visitors, take: known.take }],
  ];
  let openApi: string | undefined;
  return (request, response) => {
    const why = foreignness(request, options.origin);
    if (why !== undefined) return refuse(response, 403, 'permission_denied', why);
    const [, room] = rooms.find(([path]) => request.url?.startsWith(path)) ?? ['', visitors];
    if (!room.take(request.socket, request, response)) return;
    if (room.serve(request, response) || options.beside(request, response)) return;
    if (request.method === 'GET' && request.url === '/openapi.json') {
      openApi ??= `${JSON.stringify(openApiOf(services, options.version), null, 2)}\n`;
      response.writeHead(200, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' });
      response.end(openApi);
      return;
    }
    refuse(
      response,
      404,
      'unimplemented',
      'the control plane has no such method; POST to /ostiary.v1.ResourceService/List, say',
    );
  };
}

/**
 * Keeps pages of elsewhere away, which make their reader's browser call us, and names that somebody has pointed at our address.
 * @returns why the request is refused; undefined: it may pass
 */
function foreignness(
  request: Pick<IncomingMessage, 'headers' | 'method' | 'url'>,
  { isOwn, problemOfHost }: ControlListenerOptions['origin'],
): string | undefined {
  const { host, origin } = request.headers;
  if (origin !== undefined && !isOwn(origin, host) && !isReferenceAsset(request))
    return 'requests from web pages (with an Origin header) of elsewhere are refused';
  return problemOfHost(host);
}
