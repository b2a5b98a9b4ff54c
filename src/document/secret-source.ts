import { dirname, resolve } from 'node:path';
import type { SecretHash } from '../contract/contract.ts';
import { hashSecret, parseSecretHash } from '../contract/secret.ts';
import { sentenceOf } from '../errors.ts';
import { resolveVariables } from './environment.ts';
import type { Issue } from './issues.ts';
import { accessOf } from './resource-access.ts';
import type { MixedAccess } from './resource-access.ts';
import type { SecretSource } from './schema.ts';
import { readsFile, readsVariable, UnknownFile } from './unknown-values.ts';

const MAX_SECRET_BYTES = 64 * 1024;

export interface SecretReader extends MixedAccess {
  /** Called with every file that contains a secret, whether or not it could be read. */
  readonly onFile: (path: string) => void;
}

/** The hash of a secret and what the version of the documents is to cover: its hash as written, or it itself. */
export type ReadSecret = {
  readonly hash: SecretHash;
  /** For its author, where the secret is not known here, and the hash is of something else. */
  readonly note?: string;
} & ({ readonly written: readonly [salt: string, sha256: string] } | { readonly plain: string });

/**
 * Hashes a secret that a document, the environment or a file contains.
 * @param file the path of the document, which relative paths start from; undefined if it is not in a file
 * @param prefix may precede the secret, and is not part of it
 */
export async function readSecret(
  source: SecretSource,
  file: string | undefined,
  reader: SecretReader,
  prefix = '',
): Promise<ReadSecret | Omit<Issue, 'at'>> {
  if ('sha256' in source) return { hash: parseSecretHash(source), written: [source.salt, source.sha256] };
  const access = accessOf(file, reader);
  if ('value' in source) {
    const { value, issues, substitutions } = resolveVariables(source.value, access.variables, { unset: access.unset });
    if (issues[0] !== undefined) return { path: ['value'], message: issues[0].message };
    const unknown = substitutions.find(({ isUnknown }) => isUnknown);
    if (unknown !== undefined) return unknownSecret(readsVariable(unknown.name));
    const secret = withoutPrefix(String(value), prefix);
    if (secret === '') return { path: ['value'], message: 'the secret is empty' };
    return { hash: hashSecret(secret), plain: secret };
  }
  const path = file === undefined ? source.file : resolve(dirname(file), source.file);
  reader.onFile(path);
  let bytes: Buffer;
  try {
    bytes = await access.readFile(path, MAX_SECRET_BYTES);
  } catch (error) {
    if (error instanceof UnknownFile) return unknownSecret(readsFile(source.file));
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTFILE') return { path: ['file'], message: 'expected the path of a file' };
    if (code === 'EFBIG') return { path: ['file'], message: `a secret has at most ${MAX_SECRET_BYTES} bytes` };
    return { path: ['file'], message: `the file of the secret: ${sentenceOf(error)}` };
  }
  const secret = withoutPrefix(bytes.toString('utf8').replace(/\r?\n$/, ''), prefix);
  if (secret === '') return { path: ['file'], message: 'the file of the secret is empty' };
  return { hash: hashSecret(secret), plain: secret };
}

function unknownSecret(note: string): ReadSecret {
  return { hash: hashSecret(note), plain: note, note };
}

function withoutPrefix(secret: string, prefix: string): string {
  return secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
}
