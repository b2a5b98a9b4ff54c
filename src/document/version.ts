import { hash, scrypt } from 'node:crypto';
import { promisify } from 'node:util';

/**
 * Digests documents one by one. The version depends only on their content: not on files, their order, the order of
 * keys, comments, or whether a default is written out.
 */
export class VersionDigest {
  /** 64 bits distinguish versions; a sum of digests does not depend on their order, and no digest has to be kept. */
  readonly #sum = new Uint32Array(2);
  /** The same of secrets. */
  readonly #secrets = new Uint32Array(8);
  #secretCount = 0;

  /**
   * @param name with the kind, given once at most
   * @param content the document with variables replaced, defaults filled in, without secrets in plain text
   */
  add(kind: string, name: string, content: unknown): void {
    addTo(this.#sum, digestOf(kind, name, content));
  }

  /** Takes back what {@link add} was given. */
  remove(kind: string, name: string, content: unknown): void {
    subtractFrom(this.#sum, digestOf(kind, name, content));
  }

  /**
   * Adds a secret that a document, a variable or a file holds in plain text.
   * @param place whose it is, and which of several; given once at most
   * @returns its digest, for {@link removeSecret}
   */
  addSecret(place: string, secret: string): Buffer {
    const digest = hash('sha256', JSON.stringify([place, secret]), 'buffer');
    this.#secretCount += 1;
    addTo(this.#secrets, digest);
    return digest;
  }

  removeSecret(digest: Buffer): void {
    this.#secretCount -= 1;
    subtractFrom(this.#secrets, digest);
  }

  /** 16 hex digits. With secrets, it takes up to a tenth of a second of another thread. */
  async version(): Promise<string> {
    const sum = this.#sum.slice();
    if (this.#secretCount > 0) addTo(sum, await slowDigest(this.#secrets.join()));
    return Array.from(sum, (half) => half.toString(16).padStart(8, '0')).join('');
  }
}

function digestOf(kind: string, name: string, content: unknown): Buffer {
  return hash('sha256', `${kind}/${name} ${canonicalJson(content)}`, 'buffer');
}

function subtractFrom(sum: Uint32Array, digest: Buffer): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) - digest.readUInt32LE(4 * i);
}

function addTo(sum: Uint32Array, digest: Buffer): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + digest.readUInt32LE(4 * i);
}

const derive = promisify<string, string, number, object, Buffer>(scrypt);

/** Most reloads change no secret. */
let latest: { readonly secrets: string; readonly digest: Buffer } | undefined;

/**
 * The version is public, and whoever knows the other documents could try weak secrets until one matches. So each try
 * costs 16 MiB and some 50 ms. The salt is fixed, so that replicas agree; all secrets go in at once, so that their
 * number adds no cost.
 */
async function slowDigest(secrets: string): Promise<Buffer> {
  if (latest?.secrets !== secrets) {
    latest = { secrets, digest: await derive(secrets, 'ostiary.dev/snapshot-version', 8, { N: 16_384, r: 8, p: 1 }) };
  }
  return latest.digest;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** JSON with the members of objects by name. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value))
    return value.some(isObject) ? `[${value.map(canonicalJson).join()}]` : JSON.stringify(value);
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member === undefined) continue;
    text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `${text}}`;
}
