import { rm, writeFile } from 'node:fs/promises';
import { sentenceOf, UserError } from '../../errors.ts';
import type { NewSecret } from '../../import/anypoint/convert-applications.ts';
import { count } from '../count.ts';
import { yamlText } from '../platform/yaml-text.ts';

/** New secrets are in their file before anything is written, and gone from it if nothing was. */
export async function withSecrets(
  secrets: readonly NewSecret[],
  file: string | undefined,
  write: () => Promise<boolean>,
): Promise<boolean> {
  if (secrets.length === 0) return write();
  if (file === undefined) {
    throw new UserError(
      `the secrets of ${count(secrets.length, 'application')} can't be read, and new ones are made: say where to by --new-secrets FILE`,
    );
  }
  await writePrivate(file, secretsText(secrets), 'wx', '--new-secrets');
  let isWritten = false;
  try {
    isWritten = await write();
  } finally {
    if (!isWritten) await rm(file, { force: true });
  }
  if (isWritten) {
    process.stderr.write(
      `${file}: ${count(secrets.length, 'new secret')}: give each owner theirs, then delete the file\n`,
    );
  }
  return isWritten;
}

function secretsText(secrets: readonly NewSecret[]): string {
  const byOwner: Record<string, object[]> = {};
  for (const { namespace, name, clientId, secret: clientSecret, owners } of secrets) {
    for (const owner of owners.length === 0 ? ['owner not known'] : owners) {
      (byOwner[owner] ??= []).push({ application: `${namespace}/${name}`, clientId, clientSecret });
    }
  }
  return `# New client secrets, by owner. The control plane has their hashes alone: they are nowhere else.\n${yamlText(byOwner)}`;
}

/** Writes a file for our user alone. @throws UserError */
export async function writePrivate(file: string, content: string, flag: 'w' | 'wx', option: string): Promise<void> {
  try {
    if (flag === 'w') await rm(file, { force: true });
    await writeFile(file, content, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'is there already: nothing is written; name another file' : sentenceOf(error);
    throw new UserError(`${option} ${file}: ${why}`);
  }
}
