import { hash } from 'node:crypto';

/**
 * Digests documents one by one. The version depends on what they say alone: not on the files they
 * stand in, their order, the order of keys, comments, or whether a default is written out.
 */
export class VersionDigest {
  /** 64 bits tell versions apart; a sum of digests does not depend on their order and keeps none of them. */
  readonly #sum = new BigUint64Array(1);

  /**
   * @param name with the kind, given once at most
   * @param content the document with variables and files of secrets replaced, defaults filled in
   */
  add(kind: string, name: string, content: unknown): void {
    const digest = hash('sha256', `${kind}/${name} ${canonicalJson(content)}`, 'buffer');
    this.#sum[0] = (this.#sum[0] ?? 0n) + digest.readBigUInt64LE();
  }

  /** 16 hex digits. */
  version(): string {
    return (this.#sum[0] ?? 0n).toString(16).padStart(16, '0');
  }
}

/** JSON with the members of objects by name. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `${text}}`;
}
