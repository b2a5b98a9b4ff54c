import { hash } from 'node:crypto';

/**
 * Digests documents one by one. The version depends on what they say alone: not on the files they
 * stand in, their order, the order of keys, comments, or whether a default is written out.
 */
export class VersionDigest {
  /** 64 bits tell versions apart; a sum of digests does not depend on their order and keeps none of them. */
  readonly #sum = new Uint32Array(2);

  /**
   * @param name with the kind, given once at most
   * @param content the document with variables and files of secrets replaced, defaults filled in
   */
  add(kind: string, name: string, content: unknown): void {
    const digest = hash('sha256', `${kind}/${name} ${canonicalJson(content)}`, 'buffer');
    this.#sum[0] = (this.#sum[0] ?? 0) + digest.readUInt32LE(0);
    this.#sum[1] = (this.#sum[1] ?? 0) + digest.readUInt32LE(4);
  }

  /** 16 hex digits. */
  version(): string {
    return Array.from(this.#sum, (half) => half.toString(16).padStart(8, '0')).join('');
  }
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
