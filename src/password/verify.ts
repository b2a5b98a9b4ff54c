import { argon2Sync, scryptSync, timingSafeEqual } from 'node:crypto';
import { compareSync } from 'bcryptjs';
import { parsePasswordHash } from './password-hash.ts';
import type { Argon2idHash, ScryptHash } from './password-hash.ts';

/**
 * Reports whether a password matches a hash. It takes as long as the hash demands, and blocks its thread for that
 * time.
 */
export function isPasswordOf(hash: string, password: string): boolean {
  const parsed = parsePasswordHash(hash);
  if (typeof parsed === 'string') throw new TypeError(`a hash that the documents could not have: it ${parsed}`);
  if (parsed.algorithm === 'bcrypt') return compareSync(password, parsed.text);
  const digest = parsed.algorithm === 'scrypt' ? scrypt(parsed, password) : argon2id(parsed, password);
  return timingSafeEqual(digest, parsed.digest);
}

function scrypt({ logN, r, p, salt, digest }: ScryptHash, password: string): Buffer {
  // OpenSSL also counts memory beside the table.
  const maxmem = 2 * 128 * (2 ** logN + p) * r;
  return scryptSync(password, salt, digest.length, { N: 2 ** logN, r, p, maxmem });
}

function argon2id({ memoryKib, passes, lanes, salt, digest }: Argon2idHash, password: string): Buffer {
  const cost = { memory: memoryKib, passes, parallelism: lanes };
  return argon2Sync('argon2id', { message: password, nonce: salt, tagLength: digest.length, ...cost });
}
