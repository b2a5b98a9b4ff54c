import { argon2, argon2Sync, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/** The minimum that OWASP recommends for argon2id: about 20 ms and 19 MiB for a check. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const SALT_BYTES = 16;
const DIGEST_BYTES = 32;

const inThread = promisify(argon2);

/**
 * Returns the argon2id hash of a password (RFC 9106), as text with its parameters.
 * @param salt random by default
 */
export function hashPassword(password: string, salt: Uint8Array = randomBytes(SALT_BYTES)): string {
  return textOf(salt, argon2Sync('argon2id', parametersOf(password, salt)));
}

/** The same in one of Node's threads: this one goes on. */
export async function hashPasswordAside(password: string, salt: Uint8Array): Promise<string> {
  return textOf(salt, await inThread('argon2id', parametersOf(password, salt)));
}

function parametersOf(password: string, salt: Uint8Array) {
  const cost = { memory: MEMORY_KIB, passes: PASSES, parallelism: 1 };
  return { message: password, nonce: salt, tagLength: DIGEST_BYTES, ...cost };
}

function textOf(salt: Uint8Array, digest: Uint8Array): string {
  const parts = [salt, digest].map((bytes) => Buffer.from(bytes).toString('base64').replace(/=+$/, ''));
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=1$${parts.join('$')}`;
}
