import type { Clock } from '../clock.ts';
import { problemOfDocumentUrl } from '../egress/document-url.ts';
import type { Egress } from '../egress/egress.ts';
import type { TlsMaterial } from '../egress/transport.ts';
import { isObject } from '../jwt/jwk.ts';
import { ServerFault } from './fault.ts';

/**
 * The introspection endpoint of an authorization server, from its metadata (OpenID Connect Discovery 1.0; RFC 8414).
 */
export interface IntrospectionEndpoint {
  /**
   * Returns its URL.
   * @throws EgressFault or ServerFault (rejects with it) if the URL is not known and can't be fetched
   */
  url(timeoutMs: number, signal: AbortSignal): Promise<string>;
  /** To be called when calls of the URL fail: it may have moved, so the metadata are fetched again. */
  doubt(): void;
}

export interface DiscoveryOptions {
  /**
   * The issuer, character by character as in its metadata; or the URL of the metadata itself, below `/.well-known/`.
   */
  readonly metadataUrl: string;
  readonly issuer: string;
  /** Whether the metadata may name a URL over `http:` on hosts other than loopback. */
  readonly allowInsecure: boolean;
  readonly insecureOption: string;
  readonly egress: Egress;
  readonly tls: TlsMaterial | undefined;
  readonly clock: Clock;
}

const FRESH_MS = 60 * 60_000;
/** The shortest time between two fetches that failing calls cause. */
const DOUBT_MS = 10_000;
const MAX_BYTES = 256 * 1024;

export function discoveredEndpoint(options: DiscoveryOptions): IntrospectionEndpoint {
  const { clock } = options;
  let known: { readonly url: string; readonly at: number } | undefined;
  let isDoubted = false;
  let asking: Promise<string> | undefined;

  const ask = async (timeoutMs: number, signal: AbortSignal): Promise<string> => {
    try {
      const url = await endpointOf(options, timeoutMs, signal);
      known = { url, at: clock.monotonic() };
      isDoubted = false;
      return url;
    } finally {
      asking = undefined;
    }
  };
  return {
    async url(timeoutMs, signal) {
      const ageMs = known === undefined ? Infinity : clock.monotonic() - known.at;
      if (known !== undefined && ageMs < (isDoubted ? DOUBT_MS : FRESH_MS)) return known.url;
      asking ??= ask(timeoutMs, signal);
      // While the metadata can't be fetched, the last known URL stays in use.
      return known === undefined ? asking : asking.catch(() => known?.url ?? '');
    },
    doubt() {
      isDoubted = true;
    },
  };
}

async function endpointOf(
  { metadataUrl, issuer, allowInsecure, insecureOption, egress, tls }: DiscoveryOptions,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string> {
  const headers = { accept: 'application/json' };
  const { status, text } = await egress.call({
    url: metadataUrl,
    headers,
    tls,
    timeoutMs,
    maxBytes: MAX_BYTES,
    signal,
  });
  if (status !== 200) throw new ServerFault(`its metadata can't be had: it answers ${status}`);
  const metadata = parsed(text);
  // Otherwise whoever answers there could have our credentials and all tokens sent to another server.
  if (metadata['issuer'] !== issuer) {
    throw new ServerFault('its metadata are of another issuer: both must be the same text');
  }
  const endpoint = metadata['introspection_endpoint'];
  if (typeof endpoint !== 'string') throw new ServerFault('its metadata name no introspection_endpoint');
  const problem = problemOfDocumentUrl(endpoint, { option: insecureOption, isSet: allowInsecure });
  if (problem !== undefined) throw new ServerFault(`the introspection_endpoint of its metadata ${problem}`);
  return endpoint;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return json;
  } catch {
    // The text is not JSON: the error below says so.
  }
  throw new ServerFault('its metadata are no JSON object');
}
