import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { realPart } from './parts.ts';
import type { PartName } from './parts.ts';
import { startProcess, untilReady } from './process.ts';
import type { RealProcess } from './process.ts';
import { freePort, scratchFolder } from './scratch.ts';

/** A real redis-server on a free loopback port and a Unix socket; it writes nothing to disk. */
export interface RealRedis {
  readonly port: number;
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  readonly socketPath: string;
  /** Of the current process: another one after {@link restart}. */
  pid(): number;
  output(): string;
  /** What `redis-cli` prints for a command, such as `cli('PTTL', key)`. */
  cli(...command: string[]): Promise<string>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port and socket. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The servers whose versions we choose, and the machine's own `redis-server`. */
export type RedisServer = Extract<PartName, `redis-server${string}` | `valkey-server${string}`>;

export interface RedisOptions {
  /** Default `redis-server`. */
  readonly server?: RedisServer;
  /** More of redis-server's arguments, such as `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[];
}

/** @throws PartMissing */
export async function startRedis(options: RedisOptions = {}): Promise<RealRedis> {
  const server = await realPart(options.server ?? 'redis-server');
  const client = await realPart('redis-cli');
  const folder = scratchFolder('redis');
  const socketPath = join(folder, 'redis.sock');

  const cli = async (...command: string[]) =>
    (await promisify(execFile)(client, ['-s', socketPath, ...command], { timeout: 10_000 })).stdout.trimEnd();

  const start = async (port: number) => {
    const fixed = ['--bind', '127.0.0.1', '--port', String(port), '--unixsocket', socketPath, '--dir', folder];
    const quiet = ['--save', '', '--appendonly', 'no', '--daemonize', 'no'];
    const started = await startProcess(server, [...fixed, ...quiet, ...(options.args ?? [])]);
    await untilReady('redis-server', started, async () => (await cli('PING')) === 'PONG');
    return started;
  };

  const { port, started } = await onFreePort(start);
  let current = started;
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    socketPath,
    pid: () => current.pid,
    output: () => current.output(),
    cli,
    pause: () => current.pause(),
    resume: () => current.resume(),
    kill: () => current.kill(),
    async restart() {
      await current.kill();
      current = await start(port);
    },
    stop: () => current.stop(),
  };
}

/** Another process may take a free port before redis-server does. */
async function onFreePort(start: (port: number) => Promise<RealProcess>) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { port, started: await start(port) };
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}
