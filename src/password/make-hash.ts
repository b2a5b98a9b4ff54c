import { argon2Sync, randomBytes } from 'node:crypto';

/** The minimum that OWASP recommends for argon2id: about 20 ms and 19 MiB for a check. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const SALT_BYTES = 16;
const DIGEST_BYTES = 32;

/**
 * Returns the argon2id hash of a password (RFC 9106), as text with its parameters.
 * @param salt random by default
 */
export function hashPassword(password: string, salt: Uint8Array = randomBytes(SALT_BYTES)): string {
  const cost = { memory: MEMORY_KIB, passes: PASSES, parallelism: 1 };
  const digest = argon2Sync('argon2id', { message: password, nonce: salt, tagLength: DIGEST_BYTES, ...cost });
  const parts = [salt, digest].map((bytes) => Buffer.from(bytes).toString('base64').replace(/=+$/, ''));
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=1$${parts.join('$')}`;
}
