/** A salted, slow hash of a password, parsed from text that names its algorithm. Its parameters are within bounds. */
export type PasswordHash = BcryptHash | ScryptHash | Argon2idHash;

export interface BcryptHash {
  readonly algorithm: 'bcrypt';
  readonly text: string;
}

export interface ScryptHash {
  readonly algorithm: 'scrypt';
  readonly text: string;
  /** The exponent of the parameter N, a power of 2 (RFC 7914, 2). */
  readonly logN: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly digest: Buffer;
}

export interface Argon2idHash {
  readonly algorithm: 'argon2id';
  readonly text: string;
  /** The parameter m (RFC 9106, 3.1). */
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Buffer;
  readonly digest: Buffer;
}

/**
 * The longest password for bcrypt, which ignores what follows: two passwords with the same beginning would be equal.
 */
export const MAX_BCRYPT_PASSWORD_BYTES = 72;
/** The longest password for other hashes: reading it must cost little beside the hash itself. */
export const MAX_PASSWORD_BYTES = 1024;

/** The most that one check may cost. With more, callers who guess would use too much of a core. */
const MAX_BCRYPT_COST = 12;
const MAX_MEMORY_KIB = 64 * 1024;
const MAX_PASSES = 10;
const MAX_LANES = 8;
const MIN_SALT_BYTES = 8;
const MIN_DIGEST_BYTES = 16;
const MAX_PART_BYTES = 128;

const REMEDY = 'make one by ostiary hash-password, or by htpasswd -nB -C 10 NAME';

/**
 * Parses a hash: bcrypt (`$2y$10$…`, also `$2a$` and `$2b$`), scrypt (`$scrypt$ln=14,r=8,p=1$salt$hash`) or argon2id
 * (`$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, RFC 9106).
 * @returns the hash, or a text without the hash that says what is wrong and the remedy
 */
export function parsePasswordHash(text: string): PasswordHash | string {
  if (/^\$2[aby]\$/.test(text)) return parseBcrypt(text);
  if (text.startsWith('$scrypt$')) return parseScrypt(text);
  if (text.startsWith('$argon2id$')) return parseArgon2id(text);
  return refusalOf(text);
}

/** Says why a hash is not supported. With a fast hash, whoever gets the file can find the passwords. */
function refusalOf(text: string): string {
  if (text.startsWith('$2x$')) return `is of the faulty bcrypt that $2x$ stands for: ${REMEDY}`;
  if (/^\$(?:apr)?1\$/.test(text)) return `is MD5, which is tried too fast by whoever gets it: ${REMEDY}`;
  if (/^\{S?SHA\}/i.test(text)) return `is SHA-1, which is tried too fast by whoever gets it: ${REMEDY}`;
  if (/^\$[56]\$/.test(text)) return `is SHA-2 of crypt(3), which is not supported: ${REMEDY}`;
  if (/^\$argon2[id]\$/.test(text)) return `is argon2 of another sort: only argon2id is supported; or ${REMEDY}`;
  if (/^\$y\$|^\$7\$/.test(text)) return `is yescrypt, which is not supported: ${REMEDY}`;
  if (/^[./A-Za-z0-9]{13}$/.test(text))
    return `looks like the old crypt(3), which counts 8 characters alone: ${REMEDY}`;
  return `is not a hash of bcrypt, scrypt or argon2id: ${REMEDY}`;
}

function parseBcrypt(text: string): PasswordHash | string {
  const cost = Number(/^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(cost)) return `is not a complete hash of bcrypt, which has 60 characters: ${REMEDY}`;
  if (cost < 4 || cost > MAX_BCRYPT_COST) {
    return `has the cost ${cost}, and one check of it takes too long: at most ${MAX_BCRYPT_COST} is supported; ${REMEDY}`;
  }
  return { algorithm: 'bcrypt', text };
}

function parseScrypt(text: string): PasswordHash | string {
  const parts = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([^$]+)\$([^$]+)$/.exec(text);
  const fields = parts === null ? undefined : saltAndDigest(parts[4], parts[5]);
  if (parts === null || fields === undefined)
    return 'is not a complete hash of scrypt: expected $scrypt$ln=14,r=8,p=1$salt$hash, both in base64 without padding';
  const [logN, r, p] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  if (logN < 1 || r < 1 || p < 1 || (2 ** logN * r * 128) / 1024 > MAX_MEMORY_KIB || p > MAX_LANES) {
    return `needs more than ${MAX_MEMORY_KIB / 1024} MiB or ${MAX_LANES} lanes a check: ln=16,r=8,p=1 is the most that is supported`;
  }
  return { algorithm: 'scrypt', text, logN, r, p, ...fields };
}

function parseArgon2id(text: string): PasswordHash | string {
  const parts = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([^$]+)\$([^$]+)$/.exec(text);
  const fields = parts === null ? undefined : saltAndDigest(parts[4], parts[5]);
  if (parts === null || fields === undefined)
    return 'is not a complete hash of argon2id: expected $argon2id$v=19$m=19456,t=2,p=1$salt$hash, both in base64 without padding';
  const [memoryKib, passes, lanes] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  if (lanes < 1 || passes < 1 || memoryKib < 8 * lanes || memoryKib > MAX_MEMORY_KIB || passes > MAX_PASSES) {
    return `needs more a check than is supported: at most m=${MAX_MEMORY_KIB},t=${MAX_PASSES}`;
  }
  if (lanes > MAX_LANES) return `has more lanes than are supported: at most p=${MAX_LANES}`;
  return { algorithm: 'argon2id', text, memoryKib, passes, lanes, ...fields };
}

function saltAndDigest(saltText = '', digestText = ''): { salt: Buffer; digest: Buffer } | undefined {
  const [salt, digest] = [fromBase64(saltText), fromBase64(digestText)];
  if (salt === undefined || digest === undefined) return undefined;
  return salt.length < MIN_SALT_BYTES || digest.length < MIN_DIGEST_BYTES ? undefined : { salt, digest };
}

function fromBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > MAX_PART_BYTES ? undefined : bytes;
}
