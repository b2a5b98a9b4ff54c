import type { Agent as HttpAgent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { pipeline } from 'node:stream';
import type { Timers } from '../clock.ts';
import { EgressFault } from './fault.ts';
import { checkedLookup } from './lookup.ts';
import type { Resolve } from './lookup.ts';
import { isThisMachine, proxyEnvironment, proxyOf } from './proxy.ts';
import type { ProxyVariables } from './proxy.ts';
import { portOf } from './rules.ts';
import type { EgressRules } from './rules.ts';

/** PEM texts for calls over TLS. */
export interface TlsMaterial {
  /** Authorities to trust in place of the system's. */
  readonly authorities?: string | undefined;
  /** Our own certificate, then its intermediates. */
  readonly certificate?: string | undefined;
  /** Without a passphrase. */
  readonly key?: string | undefined;
}

export interface Sending {
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** Milliseconds of silence after which a call ends that the signal can't end. */
  readonly timeoutMs: number;
  /** For the connection, TLS included. */
  readonly connectTimeoutMs?: number | undefined;
  readonly tls?: TlsMaterial | undefined;
}

export interface Received {
  readonly status: number;
  /** As it came; empty where there was none. */
  readonly contentType?: string;
  /** The header `retry-after`. */
  readonly retryAfter?: string | undefined;
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** One request; redirects are answers. Rejects where no answer comes, or the signal is aborted. */
export type EgressTransport = (url: string, sending: Sending) => Promise<Received>;

export interface TransportOptions {
  readonly variables: ProxyVariables;
  readonly rules: EgressRules;
  readonly resolve: Resolve;
  readonly timers: Timers;
}

type Agents = Map<string, HttpAgent>;

/** The most connections to a host. Later calls wait for one of them. */
const MAX_CONNECTIONS_A_HOST = 32;
const MAX_CONNECTIONS = 256;
const MAX_IDLE_CONNECTIONS_A_HOST = 8;
const IDLE_MS = 15_000;

/** For connections to the proxy itself, which the operator names. */
const NO_RULES: EgressRules = { problemOf: () => undefined, problemOfAddress: () => undefined };

/** The reader of the stream learns of the error. */
const ended = (): void => {};

/**
 * HTTP/1.1 to whatever documents name by URL, within the rules of egress. Goes through the proxy that `HTTPS_PROXY` or
 * `HTTP_PROXY` names, by the URL's protocol: `https:` through a tunnel (CONNECT; RFC 9110, 9.3.6). Hosts of `NO_PROXY`
 * and this machine itself are asked directly. Of what goes through a proxy only the URL is judged: the proxy resolves
 * its name. Lighter by 14 MB than Node's own fetch, which takes no proxy for one use alone.
 */
export function egressTransport({ variables, rules, resolve, timers }: TransportOptions): EgressTransport {
  // An import would touch every export, and so load that fetch.
  const http = process.getBuiltinModule('node:http');
  // Loaded with the first call over TLS.
  const https = () => process.getBuiltinModule('node:https');

  const shared: Agents = new Map();
  // If nobody uses the TLS material any more, its connections end when they become idle.
  const ofMaterial = new WeakMap<TlsMaterial, Agents>();

  const agentFor = (url: URL, proxy: URL | undefined, tls: TlsMaterial | undefined): HttpAgent => {
    const isSecure = url.protocol === 'https:';
    const agents = (isSecure && tls !== undefined ? ofMaterial.get(tls) : shared) ?? new Map<string, HttpAgent>();
    if (isSecure && tls !== undefined) ofMaterial.set(tls, agents);
    const key = `${url.protocol} ${proxy === undefined ? 'direct' : 'proxy'}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    const { authorities, certificate, key: ownKey } = tls ?? {};
    const options = {
      keepAlive: true,
      maxSockets: MAX_CONNECTIONS_A_HOST,
      maxTotalSockets: MAX_CONNECTIONS,
      maxFreeSockets: MAX_IDLE_CONNECTIONS_A_HOST,
      timeout: IDLE_MS,
      ...(proxy && { proxyEnv: proxyEnvironment(variables, url, proxy) }),
    };
    const agent = isSecure
      ? new (https().Agent)({
          ...options,
          ...(authorities && { ca: authorities }),
          ...(certificate && { cert: certificate }),
          ...(ownKey && { key: ownKey }),
        })
      : new http.Agent(options);
    agents.set(key, agent);
    return agent;
  };

  const send = (url: URL, agent: HttpAgent, lookup: RequestOptions['lookup'], sending: Sending): Promise<Received> => {
    const { method = 'GET', headers, body, signal, timeoutMs, connectTimeoutMs } = sending;
    const { promise, resolve: answered, reject } = Promise.withResolvers<Received>();
    const { request: open } = url.protocol === 'https:' ? https() : http;
    const request = open(url, {
      agent,
      signal,
      method,
      timeout: timeoutMs,
      ...(lookup && { lookup }),
      headers: {
        'user-agent': 'ostiary',
        ...headers,
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      },
    });
    request.on('response', (response) => {
      const { statusCode = 0, headers: got } = response;
      const [contentType = '', retryAfter] = [got['content-type'], got['retry-after']];
      answered({ status: statusCode, contentType, retryAfter, body: decoded(response) });
    });
    request.on('error', reject);
    // While a tunnel is being opened, only the time-out can end it.
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    if (connectTimeoutMs !== undefined) boundConnecting(request, url, connectTimeoutMs, timers);
    request.end(body);
    return promise.catch((error: unknown) => {
      // The server closed an idle connection at the same moment: the call is sent again, so it must be safe to repeat.
      const isStale = request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
      if (isStale && !signal.aborted) return send(url, agent, lookup, sending);
      throw error;
    });
  };

  // Rejects rather than throws.
  return async (text, sending) => {
    const url = new URL(text);
    const problem = rules.problemOf(url);
    if (problem !== undefined) throw new EgressFault('refused', problem);
    const checked = checkedLookup(resolve, rules, portOf(url));
    const proxy = isThisMachine(url.hostname) ? undefined : proxyOf(variables, url);
    if (proxy === undefined || proxy.hostname === url.hostname) {
      return send(url, agentFor(url, undefined, sending.tls), checked, sending);
    }
    const system = checkedLookup(resolve, NO_RULES, 0);
    const either: RequestOptions['lookup'] = (host, options, callback) =>
      (host === proxy.hostname ? system : checked)(host, options, callback);
    return send(url, agentFor(url, proxy, sending.tls), either, sending);
  };
}

function boundConnecting(request: ClientRequest, url: URL, limitMs: number, timers: Timers): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const cancel = timers.after(limitMs, () => {
      request.destroy(new EgressFault('timeout', `no connection within ${limitMs} ms`));
    });
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', cancel);
    socket.once('close', cancel);
  });
}

function decoded(response: IncomingMessage): AsyncIterable<Uint8Array> {
  const zlib = process.getBuiltinModule('node:zlib');
  // Nobody asked for a compressed answer, but some servers send one.
  switch (response.headers['content-encoding']) {
    case 'gzip':
      return pipeline(response, zlib.createGunzip(), ended);
    case 'br':
      return pipeline(response, zlib.createBrotliDecompress(), ended);
    default:
      return response;
  }
}
