import { createPublicKey, createSecretKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isShared, minimumSecretBytes } from './algorithms.ts';
import type { Algorithm } from './algorithms.ts';
import { isObject, keyFromJwk, keysFromSet } from './jwk.ts';
import { Key, publicKeyAlgorithms } from './key.ts';

const FORMS = 'a PEM public key or X.509 certificate (its header lines may be missing), a JWK or a JWK set in JSON';

/**
 * Reads the key of a document's `textKey`.
 * @param allowed the allowed algorithms: HMAC only, or no HMAC
 * @throws TypeError with a sentence, without the key, that says what is wrong and what is expected
 */
export function keysFromText(text: string, allowed: readonly Algorithm[]): readonly Key[] {
  const shared = allowed.every(isShared);
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) {
    const keys = keysFromJson(trimmed, shared);
    if (keys !== undefined) return fitting(keys, allowed);
  }
  if (shared) return [secretFromText(text, allowed)];
  return fitting([publicFromText(trimmed)], allowed);
}

const PUBLIC_TYPES: ReadonlySet<unknown> = new Set(['RSA', 'EC', 'OKP']);
/** Members of private and shared keys (RFC 7518, 6; RFC 8037, 2). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** Whether the text can be no secret: it is a public key or a certificate. A text that is neither counts as a secret. */
export function isPublicText(text: string): boolean {
  const trimmed = text.trim();
  // No shared secret has such a line in it.
  if (trimmed.startsWith('-----BEGIN ')) return !trimmed.includes('PRIVATE KEY');
  try {
    if (!trimmed.startsWith('{')) return fromBase64(trimmed).type === 'public';
    const json: unknown = JSON.parse(trimmed);
    if (!isObject(json)) return false;
    const keys: readonly unknown[] = Array.isArray(json['keys']) ? json['keys'] : [json];
    return keys.every(isPublicJwk);
  } catch {
    return false;
  }
}

function isPublicJwk(jwk: unknown): boolean {
  return isObject(jwk) && PUBLIC_TYPES.has(jwk['kty']) && PRIVATE_MEMBERS.every((member) => jwk[member] === undefined);
}

function fitting(keys: readonly Key[], allowed: readonly Algorithm[]): readonly Key[] {
  const found = keys.filter((key) => allowed.some((algorithm) => key.algorithms.has(algorithm)));
  if (found.length > 0) return found;
  const fits = [...new Set(keys.flatMap((key) => [...key.algorithms]))].join(', ');
  throw new TypeError(`the key does not fit ${allowed.join(', ')}: it fits ${fits}`);
}

/** Returns undefined if the text is not JSON: it may be a secret that starts with a brace. */
function keysFromJson(text: string, shared: boolean): readonly Key[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    if (shared) return undefined;
    throw new TypeError(`the key starts with { and is no JSON; expected is ${FORMS}`);
  }
  if (!isObject(json) || !('keys' in json || 'kty' in json)) {
    if (shared) return undefined;
    throw new TypeError('the key is JSON, but no JWK (it has no "kty") and no JWK set (it has no "keys")');
  }
  if ('keys' in json) {
    const { keys, ignored } = keysFromSet(json, 'public_and_secret');
    // An issuer's set may contain more than is used here; in a document, everything must have an effect.
    if (ignored.length > 0) throw new TypeError(`the JWK set has keys that can't be used: ${ignored.join('; ')}`);
    return keys;
  }
  const key = keyFromJwk(json, 'public_and_secret');
  if (typeof key === 'string') throw new TypeError(`the JWK can't be used: ${key}`);
  return [key];
}

function secretFromText(text: string, allowed: readonly Algorithm[]): Key {
  if (text.includes('-----BEGIN ')) {
    throw new TypeError(`the key is in PEM, but ${allowed.join(', ')} needs a shared secret`);
  }
  if (text !== text.trim()) {
    throw new TypeError('the secret has white space at its start or end: remove it (in YAML, quote the secret)');
  }
  const secret = Buffer.from(text, 'utf8');
  for (const algorithm of allowed) {
    const least = minimumSecretBytes(algorithm);
    if (secret.length < least) {
      throw new TypeError(
        `the secret has ${secret.length} bytes; ${algorithm} needs at least ${least} (RFC 7518, 3.2)`,
      );
    }
  }
  return new Key(createSecretKey(secret), allowed, undefined);
}

function publicFromText(text: string): Key {
  const key = /-----BEGIN /.test(text) ? fromPem(text) : fromBase64(text);
  const algorithms = publicKeyAlgorithms(key);
  if (typeof algorithms === 'string') throw new TypeError(`the key can't be used: ${algorithms}`);
  return new Key(key, algorithms, undefined);
}

function fromPem(text: string): KeyObject {
  const labels = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1] ?? '');
  const label = labels[0] ?? '';
  if (labels.some((name) => name.includes('PRIVATE KEY'))) {
    throw new TypeError('the key is a private key: give its public key (openssl pkey -in FILE -pubout)');
  }
  if (labels.length !== 1)
    throw new TypeError(`the key holds ${labels.length} PEM blocks; for several keys give a JWK set`);
  try {
    if (label === 'CERTIFICATE') return new X509Certificate(text).publicKey;
    if (label === 'PUBLIC KEY' || label === 'RSA PUBLIC KEY') return createPublicKey({ key: text, format: 'pem' });
  } catch {
    throw new TypeError(`the key says it is a ${label}, but can't be read as one`);
  }
  throw new TypeError(`the key is a PEM block ${JSON.stringify(label)}; expected is ${FORMS}`);
}

/** Reads DER in base64, the form between the header lines of a PEM file. */
function fromBase64(text: string): KeyObject {
  const compact = text.replaceAll(/\s+/g, '');
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) {
    const der = Buffer.from(compact, 'base64');
    const forms = [
      () => createPublicKey({ key: der, format: 'der', type: 'spki' }),
      () => pkcs1(compact),
      () => new X509Certificate(der).publicKey,
    ];
    for (const read of forms) {
      try {
        return read();
      } catch {
        // Tries the next form.
      }
    }
  }
  throw new TypeError(`the key can't be read; expected is ${FORMS}`);
}

/** Reads PKCS #1 as PEM. As DER, Node would also accept a private key, which must not be in a document. */
function pkcs1(base64: string): KeyObject {
  return createPublicKey(`-----BEGIN RSA PUBLIC KEY-----\n${base64}\n-----END RSA PUBLIC KEY-----`);
}
