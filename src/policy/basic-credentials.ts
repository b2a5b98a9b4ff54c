import { z } from 'zod';

/** The realm of a challenge, which stands in quotes there (RFC 9110, 11.5). */
export const realmOption = z
  .string()
  .regex(/^[ !#-[\]-~]+$/, 'a realm is printable ASCII without quotes and backslashes')
  .default('ostiary');

/** What HTTP Basic carries: a name and a secret. */
export interface BasicCredentials {
  readonly name: string;
  readonly secret: string;
}

/**
 * Reads HTTP Basic credentials (RFC 9110, 11.1); the scheme is not case-sensitive. A scheme without credentials, or
 * after another credential, is malformed and not missing.
 */
export function hasBasic(authorization: string | undefined): boolean {
  return authorization !== undefined && /(?:^|,\s*)basic(?:\s|$)/i.test(authorization);
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * RFC 7617, 2: base64 of `name:secret` in UTF-8; the name has no colon.
 * @param authorization the header's whole value
 * @returns undefined where it is anything else
 */
export function parseBasic(authorization: string): BasicCredentials | undefined {
  if (!/^basic /i.test(authorization)) return undefined;
  const encoded = authorization.slice('basic '.length).trim();
  if (!BASE64.test(encoded) || encoded.length % 4 !== 0) return undefined;
  let text: string;
  try {
    text = UTF8.decode(Buffer.from(encoded, 'base64'));
  } catch {
    return undefined;
  }
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { name: text.slice(0, colon), secret: text.slice(colon + 1) };
}
