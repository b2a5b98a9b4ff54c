import { UserError } from '../errors.ts';
import type { Registry } from '../registry/registry.ts';
import { readPrivateFile } from './private-file.ts';
import { keyIdOf, openedDocument, SecretVault, valuesOf } from './secret-vault.ts';

const FLAG = '--secrets-key-file';
const KEY_BYTES = 32;
const MOST_KEYS = 16;
const HOW = 'openssl rand -base64 32 prints one';

/**
 * Reads the keys that encrypt Secrets, a line each, and sees that they open those that there are.
 * @returns undefined: there is no file, and no Secret
 * @throws UserError (rejects with it)
 */
export async function openVault(
  file: string | undefined,
  registry: Pick<Registry, 'ofKind'>,
  randomBytes: (count: number) => Buffer,
): Promise<SecretVault | undefined> {
  const vault = file === undefined ? undefined : new SecretVault(await readKeys(file), randomBytes);
  const missing = new Set<string>();
  const names: string[] = [];
  for (const resource of await registry.ofKind('Secret')) {
    const shut = valuesOf(openedDocument(resource, vault)).flatMap(([, { sealed }]) =>
      typeof sealed === 'string' ? [sealed] : [],
    );
    if (shut.length > 0) names.push(`${resource.namespace}/${resource.name}`);
    for (const sealed of shut) missing.add(keyIdOf(sealed));
  }
  if (names.length === 0) return vault;
  const which = names.length === 1 ? `the Secret ${names[0]} is` : `${names.length} Secrets such as ${names[0]} are`;
  const ids = [...missing].join(', ');
  throw new UserError(
    file === undefined
      ? `${which} encrypted: give ${FLAG} FILE with the key that was used (id ${ids})`
      : `${FLAG} ${file}: ${which} encrypted with a key that is not in it (id ${ids}): add it, a line each, the one that encrypts first`,
  );
}

/** @throws UserError (rejects with it), which tells nothing of what is in the file */
async function readKeys(file: string): Promise<readonly Buffer[]> {
  const fault = (why: string): UserError => new UserError(`${FLAG} ${file}: ${why}`);
  const text = await readPrivateFile(FLAG, file);
  const keys: Buffer[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    const written = line.trim();
    if (written === '' || written.startsWith('#')) continue;
    const key = /^[A-Za-z0-9+/_-]{43}=?$/.test(written) ? Buffer.from(written, 'base64') : undefined;
    if (key?.length !== KEY_BYTES) throw fault(`line ${at + 1}: expected ${KEY_BYTES} bytes in base64: ${HOW}`);
    keys.push(key);
  }
  if (keys.length === 0) throw fault(`it has no key: ${HOW}`);
  if (keys.length > MOST_KEYS)
    throw fault(`it has more than ${MOST_KEYS} keys: run ostiary control rekey, and remove old ones`);
  return keys;
}
