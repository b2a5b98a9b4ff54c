import { createPublicKey, createSecretKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { isAlgorithm } from './algorithms.ts';
import { Key, publicKeyAlgorithms, secretAlgorithms } from './key.ts';

/** Which keys are accepted. Published sets contain public keys only; a document's own text may contain a secret. */
export type Admits = 'public' | 'public_and_secret';

export interface KeySetContent {
  readonly keys: readonly Key[];
  /** Why keys were ignored, one sentence each, with the key's position in the set and never its content. */
  readonly ignored: readonly string[];
}

/** Reading one key takes up to a third of a millisecond, and blocks everything else. */
const MAXIMUM_KEYS = 100;

/**
 * Reads a JWK set (RFC 7517, 5). Keys that are malformed, weak, private or for another use are ignored, as section 5
 * demands for keys that are not understood.
 * @throws TypeError if it is not a JWK set or has no usable key
 */
export function keysFromSet(set: unknown, admits: Admits): KeySetContent {
  if (!isObject(set) || !Array.isArray(set['keys'])) throw new TypeError('it is no JWK set: it needs a list "keys"');
  const keys: Key[] = [];
  const ignored: string[] = [];
  const offered: readonly unknown[] = set['keys'];
  for (const [index, jwk] of offered.slice(0, MAXIMUM_KEYS).entries()) {
    const key = keyFromJwk(jwk, admits);
    if (typeof key === 'string') ignored.push(`key ${index + 1} is left out: ${key}`);
    else keys.push(key);
  }
  if (offered.length > MAXIMUM_KEYS) {
    ignored.push(`${offered.length - MAXIMUM_KEYS} keys are left out: of a set the first ${MAXIMUM_KEYS} count`);
  }
  if (keys.length === 0) throw new TypeError(['it has no usable key', ...ignored.slice(0, 5)].join('; '));
  return { keys, ignored };
}

/** @returns the key, or a sentence that says why it can't be used */
export function keyFromJwk(jwk: unknown, admits: Admits): Key | string {
  if (!isObject(jwk)) return 'it is not an object';
  const { kty, kid, use, alg, issuer, key_ops: operations } = withoutNulls(jwk);
  if (kid !== undefined && typeof kid !== 'string') return 'its "kid" is not a string';
  // SPIFFE bundles use `jwt-svid` for keys of tokens (SPIFFE Trust Domain and Bundle, 4.2.2).
  if (use !== undefined && use !== 'sig' && use !== 'jwt-svid') return 'its "use" is not "sig"';
  // If a malformed "issuer" were ignored, the key would sign for more issuers than it may.
  if (issuer !== undefined && typeof issuer !== 'string') return 'its "issuer" is not a string';
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return 'its "key_ops" do not include "verify"';
  }
  if (kty !== 'oct' && ['d', 'p', 'q', 'priv'].some((name) => jwk[name] !== undefined && jwk[name] !== null))
    return 'it is a private key';
  if (kty === 'oct' && admits === 'public') return 'it is a shared secret, which a published set must not hold';
  const key = kty === 'oct' ? secretKey(jwk) : publicKey(jwk);
  if (typeof key === 'string') return key;
  const fitting = key.type === 'secret' ? secretAlgorithms(key.symmetricKeySize ?? 0) : publicKeyAlgorithms(key);
  if (typeof fitting === 'string') return fitting;
  if (alg === undefined) return new Key(key, fitting, kid, issuer);
  if (!isAlgorithm(alg) || !fitting.includes(alg)) return 'its "alg" is not supported or does not fit its type';
  // The two names of one algorithm (RFC 9864, 2.2).
  return new Key(key, alg === 'EdDSA' || alg === 'Ed25519' ? fitting : [alg], kid, issuer);
}

function secretKey(jwk: Record<string, unknown>): KeyObject | string {
  const secret = jwk['k'];
  if (typeof secret !== 'string' || !/^[A-Za-z0-9_-]+$/.test(secret)) return 'its "k" is not base64url';
  return createSecretKey(Buffer.from(secret, 'base64url'));
}

function publicKey({ kty, n, e, crv, x, y }: Record<string, unknown>): KeyObject | string {
  // Only the members of a public key are used: a certificate beside it (x5c) is ignored.
  const members = kty === 'RSA' ? { kty, n, e } : kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x };
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return 'its "kty" is not supported; RSA, EC and OKP are';
  try {
    return createPublicKey({ key: members as JsonWebKey, format: 'jwk' });
  } catch {
    return `it is a malformed ${kty} key`;
  }
}

/** Some libraries write absent members of a key as null. */
function withoutNulls(jwk: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== null));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
