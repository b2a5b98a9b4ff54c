import { claimOf } from './claims.ts';
import type { Claims } from './claims.ts';
import { isObject } from './jwk.ts';

/** The key that a token is bound to (RFC 7800, 3.1; RFC 8705, 3.1). */
export type Confirmation =
  | { readonly kind: 'none' }
  /** `sha256`: the hash of the certificate that the sender must have, in lower-case hex. */
  | { readonly kind: 'certificate'; readonly sha256: string }
  | { readonly kind: 'fault'; readonly detail: string };

const MEMBER = 'x5t#S256';
const OTHER: Confirmation = {
  kind: 'fault',
  detail: 'the token is bound to something else than a certificate alone (cnf), which is not verified',
};
const MALFORMED: Confirmation = { kind: 'fault', detail: 'the x5t#S256 of the token is no SHA-256 in base64url' };

/** Null counts as no binding. A second member would demand a second proof, which is not supported. */
export function confirmationOf(claims: Claims): Confirmation {
  const confirmation = claimOf(claims, 'cnf');
  if (confirmation === undefined || confirmation === null) return { kind: 'none' };
  if (!isObject(confirmation) || Object.keys(confirmation).join() !== MEMBER) return OTHER;
  const thumbprint = confirmation[MEMBER];
  if (typeof thumbprint !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(thumbprint)) return MALFORMED;
  return { kind: 'certificate', sha256: Buffer.from(thumbprint, 'base64url').toString('hex') };
}
