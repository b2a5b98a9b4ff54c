import { isAlgorithm } from './algorithms.ts';
import type { Algorithm } from './algorithms.ts';
import { isObject } from './jwk.ts';

/**
 * The parts of a token's protected header that are used. Keys and URLs in it (`jwk`, `jku`, `x5c`, `x5u`) come from
 * the caller and are ignored.
 */
export interface TokenHeader {
  readonly alg: Algorithm;
  readonly kid: string | undefined;
}

export interface HeaderRules {
  readonly algorithms: ReadonlySet<string>;
  /** Also accepts types of tokens that are not access tokens. */
  readonly anyType: boolean;
}

/**
 * Base64url without padding, in its canonical form (RFC 4648, 3.5): a last character with unused bits would give a
 * token several spellings.
 */
const PART = '(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{4}|[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])';
const COMPACT = new RegExp(`^${PART}\\.${PART}\\.${PART}$`);

/** In characters. Envoy's own limit for all headers together is 60 KiB. */
export const MAXIMUM_TOKEN_LENGTH = 16 * 1024;

const NOT_COMPACT = 'the token is no JWS in compact form (three parts in base64url)';
export const NO_OBJECT = 'the payload of the token is no JSON object';

/**
 * Decodes without removing a byte-order mark. JSON has none (RFC 8259, 8.1), and parsers that skip it read something
 * else than parsers that do not.
 */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined: the bytes are not a JSON object in UTF-8. */
export function objectFrom(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(utf8.decode(bytes));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Types (`typ`) of tokens that do not grant access to their bearer: a proof of possession (RFC 9449), the end of a
 * session (OpenID Connect Back-Channel Logout), a security event (RFC 8417), a request (RFC 9101), an answer to an
 * introspection (RFC 9701), a key binding (RFC 9901).
 */
const OTHER_TYPES: ReadonlySet<string> = new Set([
  'dpop+jwt',
  'logout+jwt',
  'secevent+jwt',
  'oauth-authz-req+jwt',
  'token-introspection+jwt',
  'kb+jwt',
]);

/**
 * Reads the claims of a token before it is verified. Use them only to choose the keys to try.
 * @returns the claims, or a sentence if it is not a token
 */
export function unverifiedClaims(token: string): Readonly<Record<string, unknown>> | string {
  if (!COMPACT.test(token)) return NOT_COMPACT;
  const start = token.indexOf('.') + 1;
  const payload = token.slice(start, token.indexOf('.', start));
  return objectFrom(Buffer.from(payload, 'base64url')) ?? NO_OBJECT;
}

/**
 * Reads the header of a JWS in compact form.
 * @returns the header, or a sentence without a value of the token if it is refused
 */
export function headerOf(token: string, { algorithms, anyType }: HeaderRules): TokenHeader | string {
  if (!COMPACT.test(token)) return NOT_COMPACT;
  const header = objectFrom(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url'));
  if (header === undefined) return 'the header of the token is malformed';
  if (Object.hasOwn(header, 'crit')) return 'the token has a crit header, and no extension is supported';
  const { alg, kid, typ } = header;
  if (!isAlgorithm(alg) || !algorithms.has(alg)) return 'the algorithm of the token is not allowed';
  // Some libraries write absent values as null.
  if (typeof typ === 'string' ? !anyType && isOther(typ) : typ !== undefined && typ !== null) {
    return 'the typ of the token is of another kind than access tokens (senderConstraint: ignore takes it)';
  }
  if (kid === undefined || kid === null) return { alg, kid: undefined };
  return typeof kid === 'string' ? { alg, kid } : 'the kid of the token is not a string';
}

/** RFC 7515, 4.1.9: a media type in any case, with or without `application/`; it may have parameters. */
function isOther(typ: string): boolean {
  return OTHER_TYPES.has(
    typ
      .toLowerCase()
      .replace(/;[^]*$/, '')
      .trim()
      .replace(/^application\//, ''),
  );
}
