import { chmod, open } from 'node:fs/promises';
import type { Caller } from '../access/caller.ts';
import { UserError } from '../errors.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call } from '../grpc/rpc.ts';
import { isSameToken, readTokenFile } from '../operator/bearer-token.ts';

/** What a call shows of its caller. */
export type CallCredentials = Pick<Call, 'address' | 'authorization' | 'callerField' | 'connection'>;

/**
 * Decides whether a caller may call a method.
 * @param path of the method, such as `/ostiary.v1.ResourceService/List`
 * @throws RpcError (rejects with it) that says what to do
 */
export type ControlAccess = (path: string, call: CallCredentials) => Promise<Caller>;

const TOKEN_BYTES = 32;
const FLAG = '--bootstrap-token-file';

/**
 * Whether this is the token of the first start.
 * @throws RpcError (rejects with it) where the file holds none at the moment
 */
export async function isBootstrapTokenIn(tokenFile: string, given: string): Promise<boolean> {
  return isSameToken(given, await bootstrapTokenIn(tokenFile));
}

/**
 * The token of the first start, as its file has it now.
 * @throws RpcError (rejects with it) where the file holds none at the moment
 */
export async function bootstrapTokenIn(tokenFile: string): Promise<string> {
  return readToken(tokenFile).catch(() => {
    throw new RpcError(Code.unavailable, 'the bootstrap token file holds no usable token at the moment');
  });
}

/**
 * Writes a new token to the file, readable by our user alone, unless the file exists.
 * @returns whether it is new
 * @throws UserError if the file can't be written or holds no usable token
 */
export async function prepareBootstrapToken(
  file: string,
  randomBytes: (count: number) => Buffer,
): Promise<{ readonly isNew: boolean }> {
  const isNew = await writeNew(file, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`);
  await readToken(file);
  return { isNew };
}

/** @returns false if the file exists already */
async function writeNew(file: string, content: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw tokenFault(file, `can't be written (${code ?? 'unknown error'})`);
    // Best effort: the file may belong to another user.
    await chmod(file, 0o600).catch(() => {});
    return false;
  }
}

function readToken(file: string): Promise<string> {
  return readTokenFile(file, FLAG, ': delete the file to get a new token');
}

function tokenFault(file: string, why: string): UserError {
  return new UserError(`${FLAG} ${file}: ${why}`);
}
