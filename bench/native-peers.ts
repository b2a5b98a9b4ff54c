import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkPath } from '../src/envoy/service.ts';
import { realPart } from '../test/real/parts.ts';
import { startProcess, untilReady } from '../test/real/process.ts';
import { freePort, scratchFolder } from '../test/real/scratch.ts';
import { findOnPath } from '../test/real/sources.ts';
import type { BenchServer } from './server.ts';

const run = promisify(execFile);
const peers = join(import.meta.dirname, 'peers');
const builds = join(import.meta.dirname, '../.cache/bench-peers');

/** nghttpd, which answers with a file of 148 bytes: HTTP/2 in C++ without gRPC. */
export async function startNghttpd(): Promise<BenchServer> {
  const root = scratchFolder('nghttpd');
  const file = join(root, checkPath);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, Buffer.alloc(148, 'x'));
  return pinned('nghttpd', await realPart('nghttpd'), (port) => ['--no-tls', '-n1', '-d', root, port]);
}

/** grpc-go, built here; undefined where there is no Go. */
export async function startGrpcGo(): Promise<BenchServer | undefined> {
  if ((await findOnPath('go')) === undefined) return undefined;
  const program = join(builds, 'grpc-go');
  await run('go', ['build', '-o', program, '.'], { cwd: join(peers, 'grpc-go') });
  return pinned('grpc-go', program, (port) => ['-listen', `127.0.0.1:${port}`]);
}

/** Rust's tonic on one thread, built here, which takes minutes the first time; undefined where there is no Cargo. */
export async function startTonic(): Promise<BenchServer | undefined> {
  if ((await findOnPath('cargo')) === undefined) return undefined;
  await run('cargo', ['build', '--release', '--quiet', '--target-dir', join(builds, 'tonic')], {
    cwd: join(peers, 'tonic'),
  });
  return pinned('tonic', join(builds, 'tonic/release/tonic-constant'), (port) => [`127.0.0.1:${port}`]);
}

async function pinned(name: string, program: string, argsFor: (port: string) => string[]): Promise<BenchServer> {
  const port = await freePort();
  const running = await startProcess('taskset', ['-c', '0', program, ...argsFor(String(port))]);
  await untilReady(name, running, async () => {
    await run('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`]);
    return true;
  });
  return { process: running, address: `127.0.0.1:${port}` };
}
