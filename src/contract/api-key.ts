import { createHmac, randomBytes } from 'node:crypto';
import type { BroughtKey, ClientIndex, HeldKey, IssuedKey, SecretHash } from './contract.ts';
import { hashSecret, isSecret } from './secret.ts';

/** What stands before the first dot of a key. */
export const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Longer ones are looked at no further. */
export const MAX_KEY_LENGTH = 1024;
/** So that who reads a document can't try keys: of HMAC-SHA-256's own length. */
export const MIN_SERVER_KEY_BYTES = 32;
/** 96 bits tell ids apart without anybody who counts them. */
const ID_BYTES = 12;
const SECRET_BYTES = 32;

/** Keys of another form, such as another product's, as the documents hold them. */
export interface BroughtKeys {
  /** As {@link BroughtKey} has it. */
  hmac(key: string): string;
}

/** @param serverKey what only the service knows; at least {@link MIN_SERVER_KEY_BYTES} */
export function broughtKeys(serverKey: Uint8Array): BroughtKeys {
  return { hmac: (key) => createHmac('sha256', serverKey).update(key).digest('hex') };
}

/** A new key, as its caller sends it, and what the documents hold of it. */
export interface NewKey {
  readonly key: string;
  readonly id: string;
  readonly secret: SecretHash;
}

export function newKey(id: string = randomBytes(ID_BYTES).toString('base64url')): NewKey {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { key: `${id}.${secret}`, id, secret: hashSecret(secret) };
}

/** The two parts of a key of our own form; undefined of another one. */
export function keyParts(key: string): { readonly id: string; readonly secret: string } | undefined {
  const dot = key.indexOf('.');
  const id = key.slice(0, Math.max(0, dot));
  return KEY_ID.test(id) && dot < key.length - 1 ? { id, secret: key.slice(dot + 1) } : undefined;
}

/** What is found of a key that a caller presents. */
export type KeyFinding =
  | { readonly found: 'key'; readonly held: HeldKey }
  | { readonly found: 'unknown' }
  /** The id is known and the secret is not its own. */
  | { readonly found: 'wrong'; readonly held: HeldKey<IssuedKey> }
  | { readonly found: 'expired'; readonly held: HeldKey };

/**
 * Whose key it is. A key whose id nobody has, and one with a wrong secret, cost the same.
 * @param brought undefined: those of another form are unknown
 * @param now milliseconds since the Unix epoch
 */
export function findKey(clients: ClientIndex, key: string, brought: BroughtKeys | undefined, now: number): KeyFinding {
  const parts = keyParts(key);
  const issued = parts === undefined ? undefined : clients.issuedKey(parts.id);
  const isIssued = parts !== undefined && isSecret(issued?.key.secret, parts.secret);
  if (issued !== undefined && isIssued) return inTime(issued, now);
  // Who does not know the server's key can't make the look-up tell anything by its time.
  const other = brought === undefined ? undefined : clients.broughtKey(brought.hmac(key));
  if (other !== undefined) return inTime(other, now);
  return issued === undefined ? { found: 'unknown' } : { found: 'wrong', held: issued };
}

function inTime(held: HeldKey<IssuedKey> | HeldKey<BroughtKey>, now: number): KeyFinding {
  const { expiresAt } = held.key;
  return expiresAt !== undefined && now >= expiresAt ? { found: 'expired', held } : { found: 'key', held };
}
