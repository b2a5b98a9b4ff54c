import { isIP } from 'node:net';
import type { HeaderEntry } from '../request/header-entry.ts';

/** A request that a proxy asks about, as it tells it. */
export interface ForwardedRequest {
  readonly method: string;
  /** With its query, undecoded. */
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  /** Empty if the proxy does not tell it. */
  readonly clientAddress: string;
  /** Of the request itself: without what the proxy adds to tell it. Lower-case names, each once. */
  readonly headers: readonly HeaderEntry[];
}

/** What arrived: each header as often as it was sent. */
export interface AskingRequest {
  readonly method: string;
  readonly url: string;
  /** Lower-case names. */
  readonly headers: readonly HeaderEntry[];
}

/** Where a proxy tells each part of the request that it asks about. */
export interface Profile {
  /** The header that tells it, or `request line`. */
  readonly method: string;
  /** A path with its query; or a whole URL, which tells scheme and host too. */
  readonly uri: { readonly kind: 'path' | 'url'; readonly header: string };
  /** Undefined: the URL tells it. */
  readonly host: string | undefined;
  readonly scheme: string | undefined;
  /** The last of several addresses counts: the proxy appended it. */
  readonly clientAddress: string;
  /** Which statuses of a denial the proxy gives to its client as they are; any other it takes for an error or an allow. */
  readonly passesOn: (status: number) => boolean;
  /** The header by which the proxy removes headers of the request; undefined: it removes none. */
  readonly removal: string | undefined;
}

const REQUEST_LINE = 'request line';
const isRefusal = (status: number): boolean => status === 401 || status === 403;
const isNotSuccess = (status: number): boolean => status >= 300;

const ORIGINAL: Omit<Profile, 'passesOn'> = {
  method: 'x-original-method',
  uri: { kind: 'path', header: 'x-original-uri' },
  host: 'x-original-host',
  scheme: 'x-original-proto',
  clientAddress: 'x-real-ip',
  removal: undefined,
};

const FORWARDED: Profile = {
  method: 'x-forwarded-method',
  uri: { kind: 'path', header: 'x-forwarded-uri' },
  host: 'x-forwarded-host',
  scheme: 'x-forwarded-proto',
  clientAddress: 'x-forwarded-for',
  passesOn: isNotSuccess,
  removal: undefined,
};

/** By the names of `--http-profile`. */
export const PROFILES = {
  /** Envoy's `http_service`: the request itself, without its body. It takes 5xx for a failure of the service. */
  envoy: {
    method: REQUEST_LINE,
    uri: { kind: 'path', header: REQUEST_LINE },
    host: 'host',
    scheme: undefined,
    clientAddress: 'x-envoy-external-address',
    passesOn: (status: number) => status >= 300 && status < 500,
    removal: 'x-envoy-auth-headers-to-remove',
  },
  /** `auth_request` with the headers that its configuration sets; it takes all but 401 and 403 for an error. */
  nginx: { ...ORIGINAL, passesOn: isRefusal },
  /** What ingress-nginx writes for `auth-url`. */
  'ingress-nginx': {
    ...ORIGINAL,
    uri: { kind: 'url', header: 'x-original-url' },
    host: undefined,
    scheme: undefined,
    passesOn: isRefusal,
  },
  /** ForwardAuth. */
  traefik: FORWARDED,
  /** `forward_auth`. */
  caddy: FORWARDED,
  /** The Lua action of the guide, which sets what nginx's configuration sets. */
  haproxy: { ...ORIGINAL, passesOn: isNotSuccess, removal: 'x-ostiary-remove' },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;

/** Of the connection between proxy and ostiary, and so of no meaning for the request (RFC 9110, 7.6.1). */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'expect',
]);
/** RFC 9110, 5.6.2. */
const METHOD = /^[\w!#$%&'*+.^`|~-]{1,32}$/;

/**
 * Reads what the proxy tells.
 * @returns a sentence if it can't be told what the request is: then it is refused
 */
export function forwardedRequest(asking: AskingRequest, profile: Profile): ForwardedRequest | string {
  const told = new Told(asking);
  const method = told.one(profile.method, asking.method);
  const uri = told.one(profile.uri.header, asking.url);
  if (method === undefined || !METHOD.test(method)) return told.why(profile.method, 'a method');
  if (uri === undefined) return told.why(profile.uri.header, 'the request target');
  const target = profile.uri.kind === 'url' ? ofUrl(uri) : { path: uri, host: undefined, scheme: undefined };
  if (target === undefined) return told.why(profile.uri.header, 'an http or https URL');
  const host = profile.host === undefined ? target.host : told.one(profile.host);
  if (host === undefined) return told.why(profile.host ?? profile.uri.header, 'a host');
  const scheme = profile.scheme === undefined ? target.scheme : told.one(profile.scheme);
  const address = told.last(profile.clientAddress);
  if (address === undefined) return told.why(profile.clientAddress, 'one address');
  const own = new Set([profile.method, profile.uri.header, profile.host, profile.scheme, 'host']);
  if (profile.clientAddress !== 'x-forwarded-for') own.add(profile.clientAddress);
  return {
    method,
    path: target.path,
    host,
    scheme: scheme ?? '',
    clientAddress: address,
    headers: joined(asking.headers.filter(([name]) => !own.has(name) && !OF_CONNECTION.has(name))),
  };
}

class Told {
  readonly #headers: readonly HeaderEntry[];

  constructor({ headers }: AskingRequest) {
    this.#headers = headers;
  }

  /** Undefined if it was not told once, or is empty. */
  one(header: string, ofRequestLine?: string): string | undefined {
    if (header === REQUEST_LINE) return ofRequestLine;
    const values = this.#headers.filter(([name]) => name === header);
    return values.length === 1 ? values[0]?.[1] || undefined : undefined;
  }

  /** Empty if it was not told, undefined if it is no address. */
  last(header: string): string | undefined {
    const values = this.#headers.filter(([name]) => name === header);
    if (values.length === 0) return '';
    const address = (values.at(-1)?.[1] ?? '').split(',').at(-1)?.trim() ?? '';
    return isAddress(address) ? address : undefined;
  }

  why(header: string, what: string): string {
    return `the proxy does not tell ${what} once in ${header}: see --http-profile`;
  }
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

function ofUrl(text: string): { readonly path: string; readonly host: string; readonly scheme: string } | undefined {
  // Not by URL: it would resolve and encode what is to be decided about.
  const [, scheme, host, path] = /^(https?):\/\/([^/?#]+)([/?].*)?$/.exec(text) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  return { scheme, host, path: path === undefined ? '/' : path.startsWith('?') ? `/${path}` : path };
}

/** As Envoy joins repeated headers (RFC 9110, 5.3; RFC 6265, 5.4 for cookies). */
function joined(headers: readonly HeaderEntry[]): readonly HeaderEntry[] {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const known = values.get(name);
    values.set(name, known === undefined ? value : `${known}${name === 'cookie' ? '; ' : ','}${value}`);
  }
  return [...values];
}
