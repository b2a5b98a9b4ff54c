import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { realPart } from './parts.ts';
import { startProcess, untilReady } from './process.ts';
import type { RealProcess } from './process.ts';
import { freePort, scratchFolder } from './scratch.ts';

const run = promisify(execFile);

/** A real server of PostgreSQL on a loopback port. */
export interface RealPostgres {
  readonly port: number;
  /** Of a new, empty database. */
  createDatabase(): Promise<string>;
  output(): string;
  /** What `psql` prints for a statement, on the database of a URL. */
  psql(url: string, statement: string): Promise<string>;
  /** SIGSTOP of the server, and so of new connections. */
  pause(): void;
  resume(): void;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and with what was committed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root; in a name space of its own the same user has another number. */
const AS_USER = ['--user', '--map-user=1000', '--map-group=1000', '--'];

/** @throws PartMissing */
export async function startPostgres(): Promise<RealPostgres> {
  const program = await realPart('postgres');
  // On PATH it may be a link to where the others lie.
  const binaries = dirname(await realpath(program));
  const folder = scratchFolder('postgres');
  const data = join(folder, 'data');
  const isRoot = process.getuid?.() === 0;
  const command = (path: string, args: readonly string[]): [string, string[]] =>
    isRoot ? ['unshare', [...AS_USER, path, ...args]] : [path, [...args]];
  const make = ['-D', data, '-U', 'ostiary', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  await run(...command(join(binaries, 'initdb'), make));

  const psql = async (url: string, statement: string): Promise<string> =>
    (
      await run(join(binaries, 'psql'), [url, '-X', '-A', '-t', '-q', '-c', statement], { timeout: 30_000 })
    ).stdout.trim();
  const urlOf = (port: number, name: string): string => `postgres://ostiary@127.0.0.1:${port}/${name}`;

  const start = async (port: number): Promise<RealProcess> => {
    const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-c', 'fsync=off'];
    // The leash of the process is put on within the name space: entering one takes it off.
    const started = await startProcess(...command('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args]));
    await untilReady('postgres', started, async () => (await psql(urlOf(port, 'postgres'), 'SELECT 1')) === '1');
    return started;
  };
  const port = await freePort();
  let current = await start(port);
  let databases = 0;
  return {
    port,
    async createDatabase() {
      const name = `database_${(databases += 1)}`;
      await psql(urlOf(port, 'postgres'), `CREATE DATABASE ${name}`);
      return urlOf(port, name);
    },
    output: () => current.output(),
    psql,
    pause: () => current.pause(),
    resume: () => current.resume(),
    kill: () => current.kill(),
    async restart() {
      current = await start(port);
    },
    stop: () => current.stop(),
  };
}
