import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { Client } from 'ldapts';
import type { Timers } from '../clock.ts';
import type { EgressConnect } from '../egress/connect.ts';
import { EgressFault } from '../egress/fault.ts';
import { LdapFault } from './fault.ts';
import type { LdapServer } from './server.ts';
import { startTls } from './start-tls.ts';

export interface ConnectionPorts {
  readonly connect: EgressConnect;
  readonly timers: Timers;
  /** Time for connecting, TLS included, and again for each question. */
  readonly timeoutMs: number;
}

export interface SearchQuestion {
  readonly base: string;
  readonly scope: 'one' | 'sub';
  readonly filter: string;
  readonly attributes: readonly string[];
  /** The most entries returned; further ones are dropped. */
  readonly maxEntries: number;
}

export interface LdapEntry {
  readonly dn: string;
  /** Returns the values of an attribute as text; its name is not case-sensitive. Empty if the entry has none. */
  values(attribute: string): readonly string[];
}

/** One connection to a directory. It never reconnects: once it has ended, every call fails. */
export interface LdapConnection {
  readonly isOpen: boolean;
  /**
   * Binds: from now on the connection acts as this user.
   * @returns false if the directory refuses the name or the password
   */
  bind(dn: string, password: string): Promise<boolean>;
  /** Searches. Referrals to other servers are not followed. */
  search(question: SearchQuestion): Promise<readonly LdapEntry[]>;
  close(): void;
}

/** The most bytes that the answers to one question may have. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Result codes with which a directory refuses a bind, rather than failing: constraint violation (such as a locked
 * account), no such object, inappropriate authentication, invalid credentials, insufficient rights, unwilling (RFC
 * 4511, A.2).
 */
const REFUSALS: ReadonlySet<number> = new Set([19, 32, 48, 49, 50, 53]);

/** @throws LdapFault (rejects with it) */
export async function openConnection(server: LdapServer, ports: ConnectionPorts): Promise<LdapConnection> {
  // Loaded here, so that a sidecar without LDAP does not load it.
  const { Client, ResultCodeError } = await import('ldapts');
  const socket = await openSocket(server, ports);
  let isUsed = false;
  const client = new Client({
    // The socket is already connected: this name is neither resolved nor connected to.
    url: 'ldap://connected',
    timeout: ports.timeoutMs,
    strictDN: false,
    // By itself the library would reconnect without TLS and without the checks of egress.
    createConnection: () => {
      if (isUsed || socket.destroyed) throw new LdapFault('the connection to the directory has ended');
      isUsed = true;
      return socket;
    },
  });
  boundAnswers(socket);
  const codeOf = (error: unknown): number | undefined => (error instanceof ResultCodeError ? error.code : undefined);
  const asked = async <Result>(ask: (client: Client) => Promise<Result>): Promise<Result> => {
    try {
      return await ask(client);
    } catch (error) {
      throw faultOf(error, codeOf(error));
    }
  };
  return {
    get isOpen() {
      return !socket.destroyed && socket.writable;
    },
    bind: (dn, password) =>
      asked(async () => {
        try {
          await client.bind(dn, password);
          return true;
        } catch (error) {
          if (REFUSALS.has(codeOf(error) ?? -1)) return false;
          throw error;
        }
      }),
    search: ({ base, scope, filter, attributes, maxEntries }) =>
      asked(async () => {
        const timeLimit = Math.ceil(ports.timeoutMs / 1000);
        const options = { scope, filter, attributes: [...attributes], sizeLimit: maxEntries, timeLimit };
        const { searchEntries } = await client.search(base, options);
        return searchEntries.map(({ dn, ...found }) => entryOf(dn, found));
      }),
    close: () => {
      socket.destroy();
    },
  };
}

async function openSocket(server: LdapServer, { connect, timers, timeoutMs }: ConnectionPorts): Promise<Socket> {
  const { host, port, security } = server;
  let socket: Socket;
  try {
    socket = await connect({ host, port, timeoutMs });
  } catch (error) {
    throw new LdapFault(error instanceof EgressFault ? error.message : "it can't be reached", { cause: error });
  }
  if (security === 'none') return socket;
  const cancel = timers.after(timeoutMs, () => {
    socket.destroy(new LdapFault(`no TLS within ${timeoutMs} ms`));
  });
  try {
    if (security === 'startTls') await startTls(socket);
    return await secured(socket, server);
  } catch (error) {
    socket.destroy();
    throw error instanceof LdapFault ? error : new LdapFault(`no TLS${codeText(error)}`, { cause: error });
  } finally {
    cancel();
  }
}

function secured(socket: Socket, { host, authorities }: LdapServer): Promise<Socket> {
  const { connect } = process.getBuiltinModule('node:tls');
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const name = isIP(host) === 0 ? { servername: host } : {};
  const secure = connect({ socket, host, ...name, minVersion: 'TLSv1.2', ...(authorities && { ca: authorities }) });
  const lost = (): void => reject(new LdapFault('the connection ended before TLS'));
  // Users of the socket notice its end. Without a listener the error would end the process.
  secure.on('error', () => {});
  secure.once('secureConnect', () => {
    secure.removeListener('error', reject);
    secure.removeListener('close', lost);
    resolve(secure);
  });
  secure.once('error', reject);
  secure.once('close', lost);
  return promise;
}

/** Ends a connection whose answers would fill the memory. */
function boundAnswers(socket: Socket): void {
  let bytes = 0;
  let sent = socket.bytesWritten;
  socket.on('data', (chunk: Buffer) => {
    // Another question was sent since the last chunk, so counting starts again.
    if (socket.bytesWritten !== sent) {
      sent = socket.bytesWritten;
      bytes = 0;
    }
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) socket.destroy();
  });
}

function entryOf(dn: string, found: Readonly<Record<string, Buffer | Buffer[] | string[] | string>>): LdapEntry {
  const byName = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(found)) {
    byName.set(
      name.toLowerCase(),
      [value].flat().filter((each) => typeof each === 'string'),
    );
  }
  return { dn, values: (attribute) => byName.get(attribute.toLowerCase()) ?? [] };
}

/** @param code the result code of an answer that reports no success */
function faultOf(error: unknown, code: number | undefined): LdapFault {
  if (error instanceof LdapFault) return error;
  if (code !== undefined) return new LdapFault(`it answers with the result code ${code}`);
  const isLate = error instanceof Error && error.message.includes('timed out');
  return new LdapFault(isLate ? 'it does not answer in time' : `it does not answer${codeText(error)}`);
}

function codeText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? ` (${code})` : '';
}
