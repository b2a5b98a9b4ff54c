import { createHmac, randomBytes } from 'node:crypto';
import type { BroughtKey, ClientIndex, HeldKey, IssuedKey, SecretHash } from './contract.ts';
import { hashSecret, isSecret } from './secret.ts';

/** The id of a key: the part before its first dot. */
export const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Longer keys are refused unread. */
export const MAX_KEY_LENGTH = 1024;
/** The length of HMAC-SHA-256's own output, so that readers of a document can't guess keys. */
export const MIN_SERVER_KEY_BYTES = 32;
/** 96 bits make ids unique without a register of them. */
const ID_BYTES = 12;
const SECRET_BYTES = 32;

/** Finds keys of another form, such as another product's. The documents hold an HMAC of each. */
export interface BroughtKeys {
  /** Returns the HMAC of a key: see {@link BroughtKey}. */
  hmac(key: string): string;
}

/** @param serverKey a secret that only the service knows; at least {@link MIN_SERVER_KEY_BYTES} */
export function broughtKeys(serverKey: Uint8Array): BroughtKeys {
  return { hmac: (key) => createHmac('sha256', serverKey).update(key).digest('hex') };
}

/** A new key: the text for the caller, and what the documents hold of it. */
export interface NewKey {
  readonly key: string;
  readonly id: string;
  readonly secret: SecretHash;
}

export function newKey(id: string = randomBytes(ID_BYTES).toString('base64url')): NewKey {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { key: `${id}.${secret}`, id, secret: hashSecret(secret) };
}

/** Returns the two parts of a key of our own form; undefined for other forms. */
export function keyParts(key: string): { readonly id: string; readonly secret: string } | undefined {
  const dot = key.indexOf('.');
  const id = key.slice(0, Math.max(0, dot));
  return KEY_ID.test(id) && dot < key.length - 1 ? { id, secret: key.slice(dot + 1) } : undefined;
}

/** The result of looking up a key that a caller presents. */
export type KeyFinding =
  | { readonly found: 'key'; readonly held: HeldKey }
  | { readonly found: 'unknown' }
  /** The id is known, but the secret is not its own. */
  | { readonly found: 'wrong'; readonly held: HeldKey<IssuedKey> }
  | { readonly found: 'expired'; readonly held: HeldKey };

/**
 * Finds the owner of a key. An unknown id and a wrong secret take the same time.
 * @param brought undefined: keys of other forms are unknown
 * @param now milliseconds since the Unix epoch
 */
export function findKey(clients: ClientIndex, key: string, brought: BroughtKeys | undefined, now: number): KeyFinding {
  const parts = keyParts(key);
  const issued = parts === undefined ? undefined : clients.issuedKey(parts.id);
  const isIssued = parts !== undefined && isSecret(issued?.key.secret, parts.secret);
  if (issued !== undefined && isIssued) return inTime(issued, now);
  // Without the server's key, nobody can learn from the time of this look-up.
  const other = brought === undefined ? undefined : clients.broughtKey(brought.hmac(key));
  if (other !== undefined) return inTime(other, now);
  return issued === undefined ? { found: 'unknown' } : { found: 'wrong', held: issued };
}

function inTime(held: HeldKey<IssuedKey> | HeldKey<BroughtKey>, now: number): KeyFinding {
  const { expiresAt } = held.key;
  return expiresAt !== undefined && now >= expiresAt ? { found: 'expired', held } : { found: 'key', held };
}
