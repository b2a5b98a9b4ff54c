import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { CHECK_PATH } from '../src/envoy/check-service.ts';
import { main } from '../test/real/ostiary.ts';
import { realPart } from '../test/real/parts.ts';
import { startProcess, untilReady } from '../test/real/process.ts';
import type { RealProcess } from '../test/real/process.ts';
import { freePort, scratchFolder } from '../test/real/scratch.ts';

/** A server on core 0, that is left to it. */
export interface BenchServer {
  readonly process: RealProcess;
  /** Where Checks are answered, such as `127.0.0.1:9191`. */
  readonly address: string;
}

export interface BenchOstiary extends BenchServer {
  readonly adminUrl: string;
  /** Of the operator's API. */
  readonly apiAddress: string;
  /** From the start of the process until it says so. */
  readonly readyMs: number;
}

/** One of the programs in `peers/`, which print the port they listen on. */
export async function startPeer(name: string): Promise<BenchServer> {
  const running = await pin(process.execPath, join(import.meta.dirname, 'peers', `${name}.ts`));
  await untilReady(name, running, async () => running.output().includes('\n'));
  return { process: running, address: `127.0.0.1:${running.output().trim()}` };
}

/** nghttp2's server in C++, which sends a file of `bytes` bytes whatever it is asked. */
export async function startNghttpd(bytes: number): Promise<BenchServer> {
  const port = await freePort();
  const folder = scratchFolder('nghttpd');
  mkdirSync(join(folder, dirname(CHECK_PATH)), { recursive: true });
  writeFileSync(join(folder, CHECK_PATH), new Uint8Array(bytes));
  const running = await pin(await realPart('nghttpd'), '--no-tls', '-a', '127.0.0.1', '-d', folder, `${port}`);
  await untilReady('nghttpd', running, () => connects(port));
  return { process: running, address: `127.0.0.1:${port}` };
}

/**
 * Ostiary with its defaults, but for its ports.
 * @param program what Node.js is started with: its own flags and the program
 */
export async function startOstiary(
  policies: string,
  flags: readonly string[] = [],
  program: readonly string[] = [main],
): Promise<BenchOstiary> {
  const [address, admin, api] = [await loopback(), await loopback(), await loopback()];
  const listen = ['--listen', address, '--admin-listen', admin, '--api-listen', api];
  const startedAt = performance.now();
  const running = await pin(
    'env',
    // As in the image (`Dockerfile`).
    'MALLOC_ARENA_MAX=1',
    process.execPath,
    ...program,
    'serve',
    '--quiet',
    '--policies',
    policies,
    ...listen,
    ...flags,
  );
  // Its own word is there at once and costs it nothing; a question each while would take time from its core.
  await untilReady('ostiary', running, async () => running.output().includes('"msg":"ready"'), 20_000, 2);
  return {
    process: running,
    address,
    apiAddress: api,
    adminUrl: `http://${admin}`,
    readyMs: performance.now() - startedAt,
  };
}

/** What the image starts Node.js with (`Dockerfile`), once `npm run bundle` has made the bundle. */
export const asInImage: readonly string[] = [
  '--min-semi-space-size=2',
  '--max-semi-space-size=4',
  join(import.meta.dirname, '../dist/main.js'),
];

export function residentMegabytes({ pid }: RealProcess): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Of all its threads, in user and kernel mode. */
export function cpuMicroseconds({ pid }: RealProcess): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  // Linux counts in hundredths of a second there.
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 10_000;
}

/** Starts a program on core 0. */
export async function pin(...command: readonly string[]): Promise<RealProcess> {
  return startProcess('taskset', ['-c', '0', ...command]);
}

/** Rejects while nothing listens there. */
export async function connects(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
  return true;
}

async function loopback(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}
