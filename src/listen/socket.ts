import { lstatSync, unlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { UserError } from '../errors.ts';
import { formatListenAddress } from './address.ts';
import type { ListenAddress } from './address.ts';

/** Why listening on an address failed, as the end of a sentence that names the address. */
export class ListenError extends Error {
  override name = 'ListenError';
}

/**
 * Opens a listener that a flag asks for.
 * @throws UserError (rejects with it) that names the flag and the address, in place of a {@link ListenError}
 */
export async function openNamed<T>(flag: string, address: ListenAddress, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    throw new UserError(`${flag} ${formatListenAddress(address)}: ${error.message}`, 1, { cause: error });
  }
}

/**
 * Opens the server on the address, and returns the address with the real port if port 0 was requested.
 *
 * A Unix socket on which nobody answers is left over from a killed process, and is replaced. Its permission bits are
 * right from its first moment. Closing the server removes it.
 * @throws ListenError (rejects with it)
 */
export async function listenOn(server: Server, address: ListenAddress): Promise<ListenAddress> {
  if (address.kind === 'unix') await removeStaleSocket(address.path);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.once('listening', () => {
        server.off('error', reject);
        resolve();
      });
      if (address.kind === 'tcp') server.listen(address.host === '' ? { port: address.port } : { ...address });
      else withPermissions(address.mode, () => server.listen(address.path));
    });
  } catch (error) {
    throw new ListenError(explain(error as NodeJS.ErrnoException), { cause: error });
  }
  const bound = server.address();
  return address.kind === 'tcp' && bound !== null && typeof bound === 'object'
    ? { ...address, port: bound.port }
    : address;
}

/**
 * `listen` binds a Unix socket before it returns, so the process's umask decides its permissions:
 * a chmod afterwards would leave a moment in which they are wider.
 */
function withPermissions(mode: number, bind: () => void): void {
  const before = process.umask(0o777 & ~mode);
  try {
    bind();
  } finally {
    process.umask(before);
  }
}

async function removeStaleSocket(path: string): Promise<void> {
  let found: Stats | undefined;
  try {
    found = lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new ListenError(explain(error as NodeJS.ErrnoException), { cause: error });
  }
  if (found === undefined) return;
  if (!found.isSocket())
    throw new ListenError('a file that is not a socket has this name; remove it or choose another');
  const answer = await new Promise<string | undefined>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  if (answer === undefined)
    throw new ListenError('another process answers on this socket; stop it or choose another path');
  if (answer !== 'ECONNREFUSED' && answer !== 'ENOENT') {
    throw new ListenError(`a socket has this name, and whether it is in use can't be told (${answer})`);
  }
  try {
    unlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new ListenError(`the socket left by an earlier process can't be removed (${code})`);
  }
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'the address is in use; stop what listens there, or choose another';
    case 'EACCES':
      return 'permission denied; choose a port of at least 1024, or a folder this user may write to';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'EAFNOSUPPORT':
      return 'this machine has no IPv6; `:port` is every address that it has';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name is not known here';
    case 'ENOENT':
      return 'the folder of the socket does not exist';
    default:
      return error.message;
  }
}
