import { UserError } from '../errors.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { formatListenAddress, isLocal } from '../listen/address.ts';
import type { ListenAddress } from '../listen/address.ts';
import { bearerTokenOf, isSameToken, readTokenFile } from './bearer-token.ts';

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
    const given = bearerTokenOf(authorization);
    if (given === undefined) {
      throw new RpcError(
        Code.unauthenticated,
        'send the header "authorization: Bearer TOKEN" with the content of the file that --api-token-file names',
      );
    }
    const token = await readToken(tokenFile).catch(() => {
      throw new RpcError(Code.unavailable, 'the file that --api-token-file names holds no usable token just now');
    });
    if (!isSameToken(given, token)) {
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

function readToken(file: string): Promise<string> {
  return readTokenFile(file, '--api-token-file', ', such as the output of: openssl rand -hex 32');
}
