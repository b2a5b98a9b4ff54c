import { hashPasswordAside } from '../password/make-hash.ts';
import { MAX_PASSWORD_BYTES } from '../password/password-hash.ts';
import type { RandomBytes } from './secret.ts';

const FEWEST_CHARACTERS = 12;

/** What is wrong with a password that somebody chooses, without the password; undefined: nothing. */
export function problemOfNewPassword(name: string, password: string): string | undefined {
  if (Array.from(password).length < FEWEST_CHARACTERS)
    return `has fewer than ${FEWEST_CHARACTERS} characters: take a longer one`;
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES)
    return `has more than ${MAX_PASSWORD_BYTES} bytes: take a shorter one`;
  if (/\p{Cc}/u.test(password)) return 'has a control character, which not every prompt takes';
  if (new Set(password).size < 5) return 'has fewer than 5 different characters: it is guessed soon';
  if (name.length >= 4 && password.toLowerCase().includes(name))
    return 'has the name of its user in it: it is guessed soon';
  return undefined;
}

/** Off this thread, by argon2id. */
export function hashNewPassword(password: string, randomBytes: RandomBytes): Promise<string> {
  return hashPasswordAside(password, randomBytes(16));
}
