import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync } from 'node:crypto';
import { isRecord } from '../document/load.ts';
import type { ResourceKey } from '../registry/log.ts';

/** Whose value it is: what was encrypted for one place can't be read in another. */
export interface ValuePlace extends Pick<ResourceKey, 'namespace' | 'name'> {
  readonly key: string;
}

/** A value as the log keeps it. */
export interface SealedValue {
  /** For people: the same as long as the value, its place and the key of the control plane are. */
  readonly digest: string;
  /** The id of the key, a dot, and base64url of nonce, ciphertext and tag. */
  readonly sealed: string;
}

type Json = Readonly<Record<string, unknown>>;

interface VaultKey {
  readonly id: string;
  readonly key: Buffer;
  readonly digestKey: Buffer;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_DIGITS = 8;
const DIGEST_DIGITS = 16;

/** Encrypts the values of Secrets, and opens them for the sidecars that need them. */
export class SecretVault {
  readonly #keys: readonly VaultKey[];
  readonly #randomBytes: (count: number) => Buffer;

  /** @param keys of 32 bytes each, at least one: the first one encrypts, each decrypts */
  constructor(keys: readonly Buffer[], randomBytes: (count: number) => Buffer) {
    this.#keys = keys.map((key) => ({
      id: hash('sha256', Buffer.concat([Buffer.from('ostiary secrets key id\n'), key])).slice(0, ID_DIGITS),
      key,
      digestKey: Buffer.from(hkdfSync('sha256', key, '', 'ostiary digests of secrets', 32)),
    }));
    this.#randomBytes = randomBytes;
  }

  seal(place: ValuePlace, plain: string): SealedValue {
    const [current] = this.#keys;
    if (current === undefined) throw new TypeError('a vault needs a key');
    const nonce = this.#randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, current.key, nonce);
    cipher.setAAD(boundTo(place));
    const content = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    const digest = createHmac('sha256', current.digestKey).update(boundTo(place)).update('\n').update(plain);
    return {
      digest: digest.digest('hex').slice(0, DIGEST_DIGITS),
      sealed: `${current.id}.${content.toString('base64url')}`,
    };
  }

  /** @returns undefined: it is encrypted with a key that is not here, was changed, or is of another place */
  open(place: ValuePlace, sealed: string): string | undefined {
    const id = keyIdOf(sealed);
    const found = this.#keys.find((each) => each.id === id);
    const content = Buffer.from(sealed.slice(ID_DIGITS + 1), 'base64url');
    const end = content.length - TAG_BYTES;
    if (found === undefined || end < NONCE_BYTES) return undefined;
    const decipher = createDecipheriv(CIPHER, found.key, content.subarray(0, NONCE_BYTES));
    decipher.setAAD(boundTo(place));
    decipher.setAuthTag(content.subarray(end));
    try {
      return Buffer.concat([decipher.update(content.subarray(NONCE_BYTES, end)), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  /** Whether it is encrypted with the key that encrypts now. */
  isCurrent(sealed: string): boolean {
    return keyIdOf(sealed) === this.#keys[0]?.id;
  }
}

/** The id of the key that a value is encrypted with. */
export function keyIdOf(sealed: string): string {
  return sealed.slice(0, ID_DIGITS);
}

function boundTo({ namespace, name, key }: ValuePlace): Buffer {
  return Buffer.from(JSON.stringify(['Secret', namespace, name, key]));
}

/** The values of a document of kind Secret, by key. Read loosely: what is none is left out. */
export function valuesOf(document: unknown): readonly (readonly [key: string, value: Json])[] {
  const spec = isRecord(document) ? document['spec'] : undefined;
  const data = isRecord(spec) ? spec['data'] : undefined;
  return Object.entries(isRecord(data) ? data : {}).filter((each): each is [string, Json] => isRecord(each[1]));
}

function withValues(document: Json, change: (key: string, value: Json) => Json): Json {
  const spec = isRecord(document['spec']) ? document['spec'] : {};
  const data = valuesOf(document).map(([key, value]) => [key, change(key, value)] as const);
  return { ...document, spec: { ...spec, data: Object.fromEntries(data) } };
}

/** A document as anybody may see it: of the values of a Secret their digests alone. */
export function shownDocument(document: unknown): unknown {
  if (!isRecord(document) || document['kind'] !== 'Secret') return document;
  return withValues(document, (_key, { digest }) => (digest === undefined ? {} : { digest }));
}

/** A resource as sidecars that need it get it, and as the compiler checks it. */
export function openedDocument(
  { kind, namespace, name, document }: ResourceKey & { readonly document: unknown },
  vault: SecretVault | undefined,
): unknown {
  if (kind !== 'Secret' || !isRecord(document)) return document;
  return withValues(document, (key, value) => {
    const { digest, sealed } = value;
    const opened = typeof sealed === 'string' ? vault?.open({ namespace, name, key }, sealed) : undefined;
    return opened === undefined ? value : { digest, opened };
  });
}
