// Checks per second on one pinned core, beside a gRPC server that decides nothing. Run: npm run bench
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../test/real/scratch.ts';
import { main } from '../test/real/ostiary.ts';
import { type RealProcess, startProcess, untilReady } from '../test/real/process.ts';
import { h2load, type LoadResult } from './h2load.ts';
import { openShop } from './shop.ts';
import { median } from './timing.ts';

interface Server {
  readonly name: string;
  readonly process: RealProcess;
  readonly address: string;
  readonly saturated: LoadResult[];
  halfLoad?: LoadResult;
}

const rounds = 5;
const secondsPerRound = 3;
const core0 = ['taskset', '-c', '0'] as const;

const shop = await openShop();
const load = await h2load(shop.check);
const admin = `127.0.0.1:${await freePort()}`;
const servers = [await constant('grpc-js-constant'), await ostiary(admin)];
try {
  // Interleaved, so that whatever else the machine does slows all of them alike.
  for (let round = 0; round < rounds; round++) {
    for (const { address, saturated } of servers) saturated.push(await load({ address, seconds: secondsPerRound }));
  }
  for (const server of servers) {
    const requestsPerSecond = rate(server) / 2;
    server.halfLoad = await load({ address: server.address, seconds: secondsPerRound, requestsPerSecond });
  }
  await nothingDenied(admin);
  report(servers, await withoutNetwork());
} finally {
  for (const { process: running } of servers) await running.stop();
}

async function constant(name: string): Promise<Server> {
  const running = await startProcess(core0[0], [
    ...core0.slice(1),
    process.execPath,
    join(import.meta.dirname, `peers/${name}.ts`),
  ]);
  await untilReady(name, running, async () => running.output().includes('\n'));
  return { name, process: running, address: `127.0.0.1:${running.output().trim()}`, saturated: [] };
}

async function ostiary(adminListen: string): Promise<Server> {
  const address = `127.0.0.1:${await freePort()}`;
  const flags = ['--policies', shop.policies, '--listen', address, '--admin-listen', adminListen];
  const api = ['--api-listen', `127.0.0.1:${await freePort()}`];
  const running = await startProcess(core0[0], [...core0.slice(1), process.execPath, main, 'serve', ...flags, ...api]);
  await untilReady('ostiary', running, async () => (await fetch(`http://${adminListen}/readyz`)).ok);
  return { name: 'ostiary', process: running, address, saturated: [] };
}

/** A denial is cheaper than an allow: what was measured must have been allows. */
async function nothingDenied(adminListen: string): Promise<void> {
  const text = await (await fetch(`http://${adminListen}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('ostiary_checks_total{'));
  const denied = lines.filter((line) => line.includes('outcome="deny"') && !line.endsWith(' 0'));
  if (lines.length === 0 || denied.length > 0) throw new Error(`not every Check was allowed:\n${lines.join('\n')}`);
}

async function withoutNetwork(): Promise<number> {
  const args = [...core0.slice(1), process.execPath, join(import.meta.dirname, 'decision.ts')];
  const { stdout } = await promisify(execFile)(core0[0], args);
  return Number(/(\d+)\/s/.exec(stdout)?.[1]);
}

function rate({ saturated }: Server): number {
  return median(saturated.map(({ requestsPerSecond }) => requestsPerSecond));
}

function residentMegabytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function report(measured: readonly Server[], decisionsPerSecond: number): void {
  console.log(`${shop.check.length}-byte Check, h2load 8 × 32 streams; median of ${rounds} rounds (least–most)`);
  console.log(['', 'Checks/s', 'p50 / p99 ms saturated', 'at half load', 'RSS MB'].map(cell).join(''));
  for (const server of measured) {
    const rates = server.saturated.map(({ requestsPerSecond }) => requestsPerSecond);
    const p50 = median(server.saturated.map(({ p50Ms }) => p50Ms));
    const p99 = median(server.saturated.map(({ p99Ms }) => p99Ms));
    const half = server.halfLoad;
    const row = [
      server.name,
      `${whole(rate(server))} (${whole(Math.min(...rates))}–${whole(Math.max(...rates))})`,
      `${p50.toFixed(1)} / ${p99.toFixed(1)}`,
      half === undefined ? '' : `${half.p50Ms.toFixed(2)} / ${half.p99Ms.toFixed(2)}`,
      residentMegabytes(server.process.pid).toFixed(0),
    ];
    console.log(row.map(cell).join(''));
  }
  console.log(`${cell('decision without a network')}${whole(decisionsPerSecond)}`);
  const [baseline, ...others] = measured;
  if (baseline === undefined) return;
  for (const other of others) {
    console.log(`${other.name} / ${baseline.name}: ${(rate(other) / rate(baseline)).toFixed(2)}`);
  }
}

function cell(text: string): string {
  return text.padEnd(28);
}

function whole(value: number): string {
  return String(Math.round(value));
}
