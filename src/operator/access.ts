import { createHash, timingSafeEqual } from 'node:crypto';
import { FileFault, UserError } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { formatListenAddress, isLocal } from '../listen/address.ts';
import type { ListenAddress } from '../listen/address.ts';

/** Shorter tokens can be guessed. */
const MINIMUM_TOKEN_BYTES = 16;
const MAX_TOKEN_FILE_BYTES = 64 * 1024;

export interface AccessOptions {
  readonly address: ListenAddress;
  /** `--api-token-file`; it is read at each use, so that a new token is valid at once. */
  readonly tokenFile: string | undefined;
}

/**
 * The effect of a method, which determines who may call it; a trial decides about credentials that the caller makes up.
 */
export type MethodEffect = 'probe' | 'read' | 'trial' | 'disclosure' | 'mutation';

/**
 * Decides who may call what.
 *
 * - A Unix socket's permission bits decide who connects: everything is allowed there.
 * - On loopback everybody reads; a mutation needs the token, since the workload that is limited may run beside us;
 *   so does what discloses who the clients are, and
 *   a trial where there is one, since it is no decision: nothing limits or charges it.
 * - Elsewhere everything but the health probe needs the token.
 * The function it returns rejects with an RpcError that says what to do.
 */
export function createAccess({
  address,
  tokenFile,
}: AccessOptions): (effect: MethodEffect, authorization: string | null) => Promise<void> {
  return async (effect, authorization) => {
    if (address.kind === 'unix' || effect === 'probe') return;
    if (effect === 'read' && isLocal(address)) return;
    if (effect === 'trial' && isLocal(address) && tokenFile === undefined) return;
    if (tokenFile === undefined) {
      throw new RpcError(
        Code.permissionDenied,
        'changes, and counters of clients and keys, need the API token, and this server has none: start it with --api-token-file, or use a Unix socket (--api-listen unix:/path)',
      );
    }
    const given = /^bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
    if (given === undefined) {
      throw new RpcError(
        Code.unauthenticated,
        'send the header "authorization: Bearer TOKEN" with the content of the file that --api-token-file names',
      );
    }
    const token = await readToken(tokenFile).catch(() => {
      throw new RpcError(Code.unavailable, 'the file that --api-token-file names holds no usable token just now');
    });
    if (!timingSafeEqual(digest(given), digest(token))) {
      throw new RpcError(Code.unauthenticated, 'this is not the token in the file that --api-token-file names');
    }
  };
}

/**
 * Throws if the listener could not be used safely, or not at all.
 * @throws UserError (rejects with it)
 */
export async function checkAccess({ address, tokenFile }: AccessOptions): Promise<void> {
  if (tokenFile !== undefined) await readToken(tokenFile);
  else if (!isLocal(address)) {
    throw new UserError(
      `--api-listen ${formatListenAddress(address)} can be reached from other machines: give --api-token-file, or listen on loopback or a Unix socket`,
    );
  }
}

/** White space around it is ignored: editors end files with a newline. */
async function readToken(file: string): Promise<string> {
  let token: string;
  try {
    token = (await systemFiles.read(file, MAX_TOKEN_FILE_BYTES)).toString('utf8').trim();
  } catch (error) {
    if (error instanceof FileFault) throw new UserError(`--api-token-file ${file}: ${error.message}`);
    throw new UserError(`--api-token-file ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (token.length < MINIMUM_TOKEN_BYTES || !/^[\x21-\x7e]+$/.test(token)) {
    throw new UserError(
      `--api-token-file ${file}: expected one line of at least ${MINIMUM_TOKEN_BYTES} visible ASCII characters, such as the output of: openssl rand -hex 32`,
    );
  }
  return token;
}

/** Of equal length, so that the comparison takes constant time. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
