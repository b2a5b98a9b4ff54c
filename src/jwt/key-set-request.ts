import type { Agent as HttpAgent, IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { FetchFault } from './key-set-fetch.ts';
import type { KeySetRequest } from './key-set-fetch.ts';

/** Environment variables by name: the usual ones of proxies, in either case; the lower case wins. */
export type ProxyVariables = Readonly<Record<string, string | undefined>>;

/**
 * Asks for key sets over HTTP/1.1, through the proxy that `HTTPS_PROXY` or `HTTP_PROXY` names, by the URL's
 * protocol: `https:` through a tunnel (CONNECT; RFC 9110, 9.3.6). Hosts of `NO_PROXY` and this machine itself are
 * asked directly. Lighter by 14 MB than Node's own fetch, which takes no proxy for one use alone.
 */
export function keySetRequests(variables: ProxyVariables): KeySetRequest {
  // An import would touch each of their exports, and so load that fetch.
  const http = process.getBuiltinModule('node:http');
  // Loaded with the first key set that is asked for over TLS.
  const https = () => process.getBuiltinModule('node:https');
  const zlib = process.getBuiltinModule('node:zlib');
  const noProxy = valueOf(variables, 'NO_PROXY') ?? '';
  const agents = new Map<string, HttpAgent>();

  const agentFor = ({ protocol, hostname }: URL): HttpAgent => {
    const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
    const proxy = isThisMachine(hostname) ? undefined : proxyOf(variables, name);
    const key = `${protocol} ${proxy === undefined ? 'direct' : 'proxy'}`;
    let agent = agents.get(key);
    if (agent === undefined) {
      const options = proxy === undefined ? {} : { proxyEnv: { [name]: proxy, NO_PROXY: noProxy } };
      agent = protocol === 'https:' ? new (https().Agent)(options) : new http.Agent(options);
      agents.set(key, agent);
    }
    return agent;
  };

  // Whoever reads the stream is told.
  const ended = (): void => {};
  const decoded = (response: IncomingMessage): AsyncIterable<Uint8Array> => {
    // Not asked for, but sent by some all the same.
    switch (response.headers['content-encoding']) {
      case 'gzip':
        return pipeline(response, zlib.createGunzip(), ended);
      case 'br':
        return pipeline(response, zlib.createBrotliDecompress(), ended);
      default:
        return response;
    }
  };

  return (url, { signal, headers, timeoutMs }) => {
    const parsed = new URL(url);
    const agent = agentFor(parsed);
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<KeySetRequest>>>();
    const { get } = parsed.protocol === 'https:' ? https() : http;
    const options = { agent, signal, timeout: timeoutMs, headers: { 'user-agent': 'ostiary', ...headers } };
    const request = get(parsed, options, (response) => {
      resolve({ status: response.statusCode ?? 0, body: decoded(response) });
    });
    request.on('error', reject);
    // A tunnel that is being opened heeds the time-out alone.
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    return promise;
  };
}

function valueOf(variables: ProxyVariables, name: string): string | undefined {
  return variables[name.toLowerCase()] || variables[name] || undefined;
}

/** @throws FetchFault where the variable names no HTTP proxy; without its value, which may hold a password */
function proxyOf(variables: ProxyVariables, name: string): string | undefined {
  const given = valueOf(variables, name);
  if (given === undefined) return undefined;
  // As curl takes it: host and port alone.
  const proxy = given.includes('://') ? given : `http://${given}`;
  const protocol = URL.parse(proxy)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return proxy;
  throw new FetchFault('unreachable', `${name} names no proxy that can be used: expected http://host:port`);
}

function isThisMachine(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
