import { problemOfDocumentUrl } from '../egress/document-url.ts';
import { isObject } from './jwk.ts';
import { FetchFault, fetchText } from './key-set-fetch.ts';
import type { TimedFetch } from './key-set-fetch.ts';

/** Keys that an issuer publishes at the place that its metadata name (OpenID Connect Discovery 1.0; RFC 8414). */
export interface Discovery {
  /** The metadata must name one of these issuers, character by character. */
  readonly issuers: readonly string[];
  /** Whether the metadata may name a key set over `http:` on hosts other than loopback. */
  readonly allowInsecure: boolean;
}

const WELL_KNOWN = '/.well-known/';

/**
 * The URL of an issuer's metadata. A URL below `/.well-known/` is already the URL of metadata, and is returned
 * unchanged.
 */
export function metadataUrlOf(issuerOrDocument: string): string {
  if (issuerOrDocument.includes(WELL_KNOWN)) return issuerOrDocument;
  return `${issuerOrDocument.replace(/\/$/, '')}${WELL_KNOWN}openid-configuration`;
}

/**
 * Fetches the metadata and then the key set that they name, both within the time of one fetch. The metadata are
 * fetched each time, because an issuer may move its keys.
 * @throws FetchFault (rejects with it)
 */
export async function fetchDiscovered(
  metadataUrl: string,
  { issuers, allowInsecure }: Discovery,
  settings: TimedFetch,
): Promise<string> {
  const startedAt = settings.now();
  const metadata = objectOf(await fetchText(metadataUrl, settings));
  const { issuer, jwks_uri: keySetUrl } = metadata;
  // Otherwise whoever answers at this URL could have tokens of another issuer verified with its own keys.
  if (typeof issuer !== 'string' || !issuers.includes(issuer)) {
    throw new FetchFault('malformed', 'its metadata are of another issuer: iss and issuer must be the same text');
  }
  if (typeof keySetUrl !== 'string') throw new FetchFault('malformed', 'its metadata name no key set (jwks_uri)');
  const problem = problemOfDocumentUrl(keySetUrl, { option: 'allowInsecureJwks', isSet: allowInsecure });
  if (problem !== undefined) throw new FetchFault('malformed', `the key set that its metadata name: ${problem}`);
  const timeoutMs = settings.timeoutMs - (settings.now() - startedAt);
  if (timeoutMs <= 0) throw new FetchFault('timeout', `no answer within ${settings.timeoutMs} ms`);
  try {
    return await fetchText(keySetUrl, { ...settings, timeoutMs });
  } catch (error) {
    if (!(error instanceof FetchFault)) throw error;
    throw new FetchFault(error.outcome, `the key set that its metadata name: ${error.message}`, error.isAway);
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return json;
  } catch {
    // The text is not JSON: the error below says so.
  }
  throw new FetchFault('malformed', 'its metadata are no JSON object');
}
