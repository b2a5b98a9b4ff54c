import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { ListenAddress } from '../listen/address.ts';
import { boundConnections } from '../listen/connection-bound.ts';
import { listenOn } from '../listen/socket.ts';
import type { Exposition } from '../observe/exposition.ts';
import type { Metrics } from '../observe/metrics.ts';

// An import of it would touch each of its exports, and so load Node's fetch: 14 MB.
const { createServer } = process.getBuiltinModule('node:http');

/** `starting` until a snapshot is loaded and every listener is open; `draining` from SIGTERM on. */
export type ServerState = 'starting' | 'ready' | 'draining';

export interface AdminOptions {
  readonly address: ListenAddress;
  readonly state: () => ServerState;
  /**
   * Shown beside the state by `/readyz`: store, key sets, last reload. None of these makes the server unready: a
   * replica that is taken out of service would leave its load to others with the same problem.
   */
  readonly details: () => Readonly<Record<string, unknown>>;
  readonly metrics: Pick<Metrics, 'expose'>;
  readonly maxConnections: number;
  /** The answer of `/version`. */
  readonly version: Readonly<Record<string, string>>;
}

export interface AdminListener {
  /** As bound. */
  readonly address: ListenAddress;
  /** Ends idle connections at once and all others after `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** Serves what operators and Prometheus read over HTTP/1.1. Nothing here is secret, and nothing can be changed. */
export async function openAdmin(options: AdminOptions): Promise<AdminListener> {
  const server = createServer(
    {
      maxHeaderSize: 8192,
      headersTimeout: 2000,
      requestTimeout: 10_000,
      keepAliveTimeout: 65_000,
      // Node's default is 30 s, and the time-outs above are only checked this often.
      connectionsCheckingInterval: 1000,
    },
    (request, response) => {
      void answer(options, request, response);
    },
  );
  boundConnections(server, options.maxConnections);
  const address = await listenOn(server, options.address);
  return {
    address,
    async close(timeoutMs) {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

const pages = {
  '/livez': (_options, response) => sendJson(response, 200, { status: 'live' }),
  '/readyz': ({ state, details }, response) => {
    const status = state();
    sendJson(response, status === 'ready' ? 200 : 503, { status, ...details() });
  },
  '/metrics': async ({ metrics }, response, request) => {
    await sendPieces(response, metrics.expose(request.headers.accept));
  },
  '/version': ({ version }, response) => sendJson(response, 200, version),
} satisfies Record<string, Page>;

async function answer(options: AdminOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  try {
    if (!Object.hasOwn(pages, path)) {
      sendJson(response, 404, { error: `no such page; there are ${Object.keys(pages).join(', ')}` });
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      sendJson(response, 405, { error: 'only GET and HEAD: nothing can be changed here' });
    } else {
      await pages[path as keyof typeof pages](options, response, request);
    }
  } catch {
    // The error may reveal more than a stranger should know.
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, { error: 'this page failed' });
  }
}

type Page = (options: AdminOptions, response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

function sendJson(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

/**
 * Waits while the caller does not read. Sends the header with the first piece, so that an earlier failure can still
 * be reported.
 */
async function sendPieces(response: ServerResponse, { contentType, chunks }: Exposition): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  for await (const chunk of chunks) {
    if (gone.signal.aborted) return;
    if (!response.headersSent) response.writeHead(200, { ...HEADERS, 'content-type': contentType });
    // For a HEAD, Node sends no body.
    if (!response.write(chunk)) await once(response, 'drain', gone);
  }
  response.end();
}

/** For a HEAD, Node leaves out the body by itself. */
function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    ...HEADERS,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
