import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { BlockList } from 'node:net';
import type { Clock } from '../clock.ts';
import { RpcError } from '../grpc/rpc.ts';
import type { UnaryHandler } from '../grpc/rpc.ts';
import type { ListenAddress } from '../listen/address.ts';
import { admit, ConnectionRoom } from '../listen/connection-room.ts';
import { listenOn } from '../listen/socket.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import { forwardedRequest, PROFILES } from './profiles.ts';
import type { ForwardedRequest, Profile, ProfileName } from './profiles.ts';

export interface ForwardAuthOptions {
  readonly address: ListenAddress;
  readonly profile: ProfileName;
  /** Peers that may ask. A Unix socket has no others. */
  readonly trusted: BlockList;
  /** `envoy.service.auth.v3.Authorization/Check`. */
  readonly check: UnaryHandler;
  /** Canonical names of the headers that ostiary sets for upstreams. */
  readonly ownedHeaders: () => ReadonlySet<string>;
  readonly maxConnections: number;
  readonly clock: Clock;
  /** Called for each request that was refused without a decision, with the reason. */
  readonly onRefused: (why: string) => void;
  readonly onFailure: (path: string, error: unknown) => void;
}

export interface ForwardAuthListener {
  /** As bound. */
  readonly address: ListenAddress;
  /** Lets requests in flight end, then closes. What remains after `timeoutMs` is cut. */
  drain(timeoutMs: number): Promise<void>;
}

/** The longest that a decision may wait for keys or counters. */
const DECISION_MS = 5000;
/** As much as Envoy takes by default for all headers of a request (60 KiB), and some for what the proxy adds. */
const MAX_HEADER_BYTES = 72 * 1024;

/** Of the message itself. */
const OF_ANSWER: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection']);

/**
 * Opens the listener for proxies that ask over HTTP: Envoy's `http_service`, `auth_request`, ForwardAuth and the like.
 * Each request is a Check: the same decision, counted and logged alike, as over gRPC.
 * @throws ListenError if it can't be opened (rejects with it)
 */
export async function openForwardAuth(options: ForwardAuthOptions): Promise<ForwardAuthListener> {
  const { checkRequestOf, httpAnswerOf } = await import('./check-messages.ts');
  const profile: Profile = PROFILES[options.profile];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The body is nobody's: no decision reads it here.
    request.resume();
    if (!isTrusted(request, options)) return refuse(response, 403, 'this peer may not ask: see --http-trusted-peers');
    const headers = headersOf(request);
    const asked = forwardedRequest({ method: request.method ?? '', url: request.url ?? '', headers }, profile);
    if (typeof asked === 'string') return refuse(response, 400, asked);
    const claimed = profile.removal === undefined ? ownedHeaderOf(asked, options.ownedHeaders()) : undefined;
    // The proxy would pass it on, and the upstream take it for ours.
    if (claimed !== undefined)
      return refuse(response, 403, `the request has the header ${claimed}, which only ostiary sets`);
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    const call = {
      deadline: options.clock.monotonic() + DECISION_MS,
      signal: abort.signal,
      connection: request.socket,
    };
    const {
      isAllowed,
      status,
      headers: told,
      remove,
      body,
    } = httpAnswerOf(await options.check(checkRequestOf(asked), call));
    const passed = isAllowed || profile.passesOn(status) ? status : 403;
    for (const [name, value] of told) if (!OF_ANSWER.has(name)) response.appendHeader(name, value);
    if (!isAllowed) response.setHeader('x-ostiary-status', String(status));
    if (remove.length > 0 && profile.removal !== undefined) response.setHeader(profile.removal, remove.join(','));
    response.setHeader('cache-control', 'no-store');
    response.writeHead(passed).end(body);
  }

  function refuse(response: ServerResponse, status: number, why: string): void {
    options.onRefused(why);
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify({ error: why }));
  }

  const server = process
    .getBuiltinModule('node:http')
    .createServer(
      { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: 10_000, requestTimeout: 30_000, joinDuplicateHeaders: false },
      (request, response) => {
        answer(request, response).catch((error: unknown) => {
          // Whatever fails, the request does not pass.
          if (!(error instanceof RpcError)) options.onFailure(request.url ?? '', error);
          if (response.headersSent) response.destroy();
          else refuse(response, profile.passesOn(503) ? 503 : 403, 'no decision could be made');
        });
      },
    );
  // Node would drop those beyond the number, unseen; their octets are bounded.
  server.maxHeadersCount = 0;
  const room = new ConnectionRoom({ most: options.maxConnections, now: () => options.clock.monotonic(), onFull() {} });
  admit(server, (socket) => room.enter(socket));
  const address = await listenOn(server, options.address);
  return { address, drain: (timeoutMs) => drain(server, room, timeoutMs) };
}

async function drain(server: Server, room: ConnectionRoom, timeoutMs: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => {
    for (const socket of room.sockets.keys()) socket.destroy();
  }, timeoutMs);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}

function isTrusted({ socket }: IncomingMessage, { address, trusted }: ForwardAuthOptions): boolean {
  if (address.kind === 'unix') return true;
  const { remoteAddress = '', remoteFamily } = socket;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress)?.[1];
  return mapped === undefined
    ? trusted.check(remoteAddress, remoteFamily === 'IPv6' ? 'ipv6' : 'ipv4')
    : trusted.check(mapped, 'ipv4');
}

/** Each as often as it was sent: Node's `headers` drops repeated ones of some names. Bytes that are no UTF-8 become U+FFFD. */
function headersOf({ rawHeaders }: IncomingMessage): HeaderEntry[] {
  const headers: HeaderEntry[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const value = Buffer.from(rawHeaders[i + 1] as string, 'latin1').toString('utf8');
    headers.push([(rawHeaders[i] as string).toLowerCase(), value]);
  }
  return headers;
}

function ownedHeaderOf({ headers }: ForwardedRequest, owned: ReadonlySet<string>): string | undefined {
  return headers.find(([name]) => owned.has(canonicalHeaderName(name)))?.[0];
}
