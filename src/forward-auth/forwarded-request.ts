import { isIP } from 'node:net';
import type { HeaderEntry } from '../request/header-entry.ts';
import { REQUEST_LINE } from './profiles.ts';
import type { Profile } from './profiles.ts';

/** A request that a proxy asks about, as the proxy describes it. */
export interface ForwardedRequest {
  readonly method: string;
  /** With its query, undecoded. */
  readonly path: string;
  readonly host: string;
  /** `http`, `https`, or empty if the proxy does not say. */
  readonly scheme: string;
  /** Empty if the proxy does not say. */
  readonly clientAddress: string;
  /**
   * The headers of the request itself, without those that the proxy adds to describe it. Lower-case names, each once.
   */
  readonly headers: ReadonlyMap<string, string>;
}

/** The HTTP request that arrived: each header as often as it was sent. */
export interface AskingRequest {
  readonly method: string;
  readonly url: string;
  /** Lower-case names. */
  readonly headers: readonly HeaderEntry[];
}

/** Headers of the connection between proxy and ostiary. They say nothing about the request (RFC 9110, 7.6.1). */
export const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110, 5.6.2. */
const METHOD = /^[\w!#$%&'*+.^`|~-]{1,32}$/;
/** Some proxies name the scheme of the socket if the request opens a WebSocket. */
const SCHEMES = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['ws', 'http'],
  ['wss', 'https'],
]);

/**
 * Reads the proxy's description of a request. Each part counts only if it occurs once: if it occurs twice, one may
 * come from the caller.
 * @returns the request, or a sentence if the description is unclear: then the request is refused
 */
export function forwardedRequest(asking: AskingRequest, profile: Profile): ForwardedRequest | string {
  const told = (header: string): readonly string[] =>
    asking.headers.flatMap(([name, value]) => (name === header ? [value] : []));
  const method = profile.method === REQUEST_LINE ? asking.method : only(told(profile.method));
  if (method === undefined || !METHOD.test(method)) return unclear(profile.method, 'a method');
  const path = profile.path === REQUEST_LINE ? asking.url : only(told(profile.path));
  if (path === undefined) return unclear(profile.path, 'the request target');
  const host = only(told(profile.host));
  if (host === undefined) return unclear(profile.host, 'the host');
  const scheme = schemeOf(told(profile.scheme));
  if (scheme === undefined) return unclear(profile.scheme, 'http or https');
  const clientAddress = addressOf(told(profile.clientAddress));
  if (clientAddress === undefined) return unclear(profile.clientAddress, "the client's address");
  const own = new Set<unknown>([profile.method, profile.path, profile.host, profile.scheme, 'host']);
  // This header also belongs to the request: earlier proxies may have written into it.
  if (profile.clientAddress !== 'x-forwarded-for') own.add(profile.clientAddress);
  const headers = joined(asking.headers.filter(([name]) => !own.has(name) && !OF_CONNECTION.has(name)));
  return { method, path, host, scheme, clientAddress, headers };
}

function only(values: readonly string[]): string | undefined {
  return values.length === 1 && values[0] !== '' ? values[0] : undefined;
}

function schemeOf(values: readonly string[]): string | undefined {
  return values.length === 0 ? '' : SCHEMES.get(only(values)?.toLowerCase() ?? '');
}

/** Returns the last address, without a zone, which only the proxy's machine can interpret. */
function addressOf(values: readonly string[]): string | undefined {
  if (values.length === 0) return '';
  const last = (values.at(-1) ?? '').split(',').at(-1)?.trim() ?? '';
  const address = last.replace(/%.*$/, '');
  return isIP(address) === 0 ? undefined : address;
}

function unclear(where: string | typeof REQUEST_LINE, what: string): string {
  const place = typeof where === 'string' ? `the header ${where}` : 'the request line';
  return `the proxy does not tell ${what} once in ${place}: see --http-profile`;
}

/** Joins repeated headers as Envoy does (RFC 9110, 5.3; RFC 6265, 5.4 for cookies). */
function joined(headers: readonly HeaderEntry[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const known = values.get(name);
    values.set(name, known === undefined ? value : `${known}${name === 'cookie' ? '; ' : ','}${value}`);
  }
  return values;
}
