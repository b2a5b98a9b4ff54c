import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { untilReady } from '../test/real/process.ts';
import { freePort } from '../test/real/scratch.ts';
import { findOnPath } from '../test/real/sources.ts';
import { connects, pin } from './server.ts';
import type { BenchServer } from './server.ts';

const run = promisify(execFile);
const peers = join(import.meta.dirname, 'peers');
const builds = join(import.meta.dirname, '../.cache/bench-peers');

/** grpc-go, built here; undefined where there is no Go. */
export async function startGrpcGo(): Promise<BenchServer | undefined> {
  if ((await findOnPath('go')) === undefined) return undefined;
  const program = join(builds, 'grpc-go');
  await run('go', ['build', '-o', program, '.'], { cwd: join(peers, 'grpc-go') });
  return start('grpc-go', program, (port) => ['-listen', `127.0.0.1:${port}`]);
}

/** Rust's tonic on one thread, built here, which takes minutes the first time; undefined where there is no Cargo. */
export async function startTonic(): Promise<BenchServer | undefined> {
  if ((await findOnPath('cargo')) === undefined) return undefined;
  const build = ['build', '--release', '--quiet', '--target-dir', join(builds, 'tonic')];
  await run('cargo', build, { cwd: join(peers, 'tonic') });
  return start('tonic', join(builds, 'tonic/release/tonic-constant'), (port) => [`127.0.0.1:${port}`]);
}

async function start(name: string, program: string, argsFor: (port: number) => string[]): Promise<BenchServer> {
  const port = await freePort();
  const running = await pin(program, ...argsFor(port));
  await untilReady(name, running, () => connects(port));
  return { process: running, address: `127.0.0.1:${port}` };
}
