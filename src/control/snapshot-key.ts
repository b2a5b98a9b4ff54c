import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { readPrivateFile } from './private-file.ts';

/** Signs snapshots, and shows with what they are verified. */
export interface SnapshotKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const FLAG = '--snapshot-key-file';

/**
 * The key in a file, which is made where there is none.
 * @throws UserError (rejects with it)
 */
export async function snapshotKeys(file: string): Promise<SnapshotKeys> {
  await makeKey(file);
  const pem = await readPrivateFile(FLAG, file);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    throw wrong(file);
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') throw wrong(file);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

async function makeKey(file: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new UserError(`${FLAG} ${file}: can't be written (${code ?? 'unknown error'})`);
  }
}

function wrong(file: string): UserError {
  return new UserError(`${FLAG} ${file}: expected an Ed25519 key in PEM, as openssl genpkey -algorithm ed25519 prints`);
}
