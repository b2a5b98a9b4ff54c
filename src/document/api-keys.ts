import type { ApiKey } from '../contract/contract.ts';
import type { ApiKeySource } from './api-key-schema.ts';
import type { Issue } from './issues.ts';
import { readSecret } from './secret-source.ts';
import type { SecretReader } from './secret-source.ts';

export interface ReadKeys {
  readonly keys: readonly ApiKey[];
  /** What the version of the documents covers. */
  readonly contents: readonly unknown[];
  /** Keys that were given in plain text, by their id. */
  readonly plain: readonly (readonly [id: string, secret: string])[];
  /** Paths begin at `spec`. */
  readonly issues: readonly Issue[];
  readonly warnings: readonly Issue[];
}

/**
 * Hashes the keys of one client application.
 * @param file the path of the document; undefined if it is not in a file
 */
export async function readKeys(
  sources: readonly ApiKeySource[],
  file: string | undefined,
  reader: SecretReader,
): Promise<ReadKeys> {
  const keys: ApiKey[] = [];
  const contents: unknown[] = [];
  const plain: [string, string][] = [];
  const issues: Issue[] = [];
  const warnings: Issue[] = [];
  for (const [index, source] of sources.entries()) {
    const expiresAt = source.expires === undefined ? undefined : Date.parse(source.expires);
    if ('hmac' in source) {
      keys.push({ hmac: source.hmac, expiresAt });
      contents.push([source.hmac, expiresAt ?? null]);
      continue;
    }
    const read = await readSecret(source, file, reader, `${source.id}.`);
    if (!('hash' in read)) {
      issues.push({ path: ['spec', 'apiKeys', index, ...read.path], at: 'value', message: read.message });
      continue;
    }
    if (read.note !== undefined) warnings.push({ path: ['spec', 'apiKeys', index], at: 'value', message: read.note });
    keys.push({ id: source.id, secret: read.hash, expiresAt });
    contents.push([source.id, 'written' in read ? read.written : null, expiresAt ?? null]);
    if ('plain' in read) plain.push([source.id, read.plain]);
  }
  return { keys, contents, plain, issues, warnings };
}
