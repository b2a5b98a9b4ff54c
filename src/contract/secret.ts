import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ClientApplication, SecretHash } from './contract.ts';

/**
 * The most valid secrets of a client: the old one and the new one of a rotation. Every verification computes exactly
 * this many hashes, so that its time reveals nothing about the client.
 */
export const MAX_SECRETS = 2;

const SALT_BYTES = 16;

/** A hash without a known secret: it stands for unknown clients and absent secrets. */
const NOBODY: SecretHash = { salt: randomSalt(), sha256: randomBytes(32) };

/** A hash as documents hold it: `sha256` is the hex of SHA-256(salt + secret), both as UTF-8 text. */
export interface SecretHashText {
  readonly salt: string;
  readonly sha256: string;
}

/** @param salt UTF-8 text, put before the secret; random unless given */
export function hashSecret(secret: string, salt: Uint8Array = randomSalt()): SecretHash {
  return { salt, sha256: digest(salt, secret) };
}

/** Formats a hash as authors put it under `clientSecret`. */
export function formatSecretHash(secret: SecretHash): SecretHashText {
  return { salt: Buffer.from(secret.salt).toString('utf8'), sha256: Buffer.from(secret.sha256).toString('hex') };
}

export function parseSecretHash(text: SecretHashText): SecretHash {
  return { salt: Buffer.from(text.salt, 'utf8'), sha256: Buffer.from(text.sha256, 'hex') };
}

/**
 * Whether the secret is one of the client's. An unknown client, one without a secret and a wrong
 * secret cost the same work, and the comparison is constant-time.
 */
export function verifySecret(client: ClientApplication | undefined, secret: string): boolean {
  let matched = 0;
  for (let i = 0; i < MAX_SECRETS; i++) {
    matched |= Number(isSecret(client?.secrets[i], secret));
  }
  return matched === 1;
}

/** Whether the secret matches the hash. Without a hash, the check takes as long and fails. */
export function isSecret(known: SecretHash | undefined, secret: string): boolean {
  const { salt, sha256 } = known ?? NOBODY;
  const equal = timingSafeEqual(digest(salt, secret), sha256);
  return equal && known !== undefined;
}

function randomSalt(): Uint8Array {
  return Buffer.from(randomBytes(SALT_BYTES).toString('hex'), 'latin1');
}

function digest(salt: Uint8Array, secret: string): Uint8Array {
  const input = Buffer.allocUnsafe(salt.length + Buffer.byteLength(secret));
  input.set(salt);
  input.write(secret, salt.length);
  const digested = hash('sha256', input, 'buffer');
  // The memory comes from a pool and is reused.
  input.fill(0);
  return digested;
}
