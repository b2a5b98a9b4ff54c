import { createHash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { canonicalJson } from '../document/version.ts';

/** Signs what the trail tells (Ed25519, RFC 8032). */
export interface AuditKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Which key it is: the first 16 hex digits of SHA-256 over the public key in DER. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

type Signable = Readonly<Record<string, string | number>>;

/** The signature over the canonical JSON, in base64. */
export function signatureOf(content: Signable, { privateKey }: AuditKey): string {
  return sign(null, Buffer.from(canonicalJson(content)), privateKey).toString('base64');
}

export function isSigned(content: Signable, signature: string, publicKey: KeyObject): boolean {
  const bytes = Buffer.from(signature, 'base64');
  // Decoding passes over what is no base64.
  if (bytes.toString('base64') !== signature) return false;
  try {
    return verify(null, Buffer.from(canonicalJson(content)), publicKey, bytes);
  } catch {
    return false;
  }
}
