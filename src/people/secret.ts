import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';

/** So many bytes that nobody can guess. */
export type RandomBytes = (count: number) => Buffer;

/** What a secret begins with, so that people and scanners of files know what they have found. */
export const PREFIXES = { token: 'ost_', session: 'oss_', device: 'osd_', code: 'osc_', link: 'osl_' } as const;
export type SecretKind = keyof typeof PREFIXES;

const SECRET_BYTES = 32;
const ID_BYTES = 9;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** 256 random bits as text. */
export function makeSecret(kind: SecretKind, randomBytes: RandomBytes): string {
  return `${PREFIXES[kind]}${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** Whether a text has the form of such a secret: others are not worth a look into the database. */
export function isSecretOf(kind: SecretKind, text: string): boolean {
  return text.startsWith(PREFIXES[kind]) && /^[\w-]{43}$/.test(text.slice(PREFIXES[kind].length));
}

/** A name for what has a secret; it is shown, and no secret. */
export function makeId(randomBytes: RandomBytes): string {
  return randomBytes(ID_BYTES).toString('base64url').replaceAll(/[-_]/g, 'x').toLowerCase();
}

/** As a secret is kept. It has 256 random bits, so that a fast hash can't be turned back. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/**
 * Encrypts a text under a secret that the database does not have: only who presents the secret can have it opened.
 * @param what it is used for; the same for both
 */
export function sealBy(secret: string, what: string, plain: string, randomBytes: RandomBytes): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(secret, what), nonce);
  return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
}

/** @returns undefined: it was sealed by another secret, or was changed */
export function openBy(secret: string, what: string, sealed: string): string | undefined {
  const content = Buffer.from(sealed, 'base64url');
  const end = content.length - TAG_BYTES;
  if (end < NONCE_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, keyOf(secret, what), content.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(content.subarray(end));
  try {
    return Buffer.concat([decipher.update(content.subarray(NONCE_BYTES, end)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function keyOf(secret: string, what: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `ostiary ${what}`, 32));
}
