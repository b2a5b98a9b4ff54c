import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { readPrivateFile } from './private-file.ts';

/** Signs what a control plane gives out, and shows with what that is verified. */
export interface SigningKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * The key in a file, which is made where there is none.
 * @param flag that names the file
 * @throws UserError (rejects with it)
 */
export async function signingKeys(flag: string, file: string): Promise<SigningKeys> {
  await makeKey(flag, file);
  const pem = await readPrivateFile(flag, file);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    throw wrong(flag, file);
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') throw wrong(flag, file);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

async function makeKey(flag: string, file: string): Promise<void> {
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
    if (code !== 'EEXIST') throw new UserError(`${flag} ${file}: can't be written (${code ?? 'unknown error'})`);
  }
}

function wrong(flag: string, file: string): UserError {
  return new UserError(`${flag} ${file}: expected an Ed25519 key in PEM, as openssl genpkey -algorithm ed25519 prints`);
}
