// Checks per second on one pinned core, beside a gRPC server that decides nothing. Run: npm run bench
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { h2load } from './h2load.ts';
import type { LoadResult } from './h2load.ts';
import { cpuMicroseconds, residentMegabytes, startNghttpd, startOstiary, startPeer } from './server.ts';
import type { BenchServer } from './server.ts';
import { openShop } from './shop.ts';
import { median } from './timing.ts';
import { verifier } from './verifier.ts';

interface Round extends LoadResult {
  /** CPU time of the server, which other programs on the machine hardly change. */
  readonly cpuMicrosecondsPerCheck: number;
}

interface Measured {
  readonly name: string;
  readonly server: BenchServer;
  readonly saturated: Round[];
  halfLoad?: LoadResult;
  /** @throws where so many Checks since the last time were not all allowed */
  readonly verify?: (checks: number) => Promise<void>;
}

/** About what ostiary answers to this Check. */
const ANSWER_BYTES = 400;
const ROUNDS = 5;
const SECONDS_PER_ROUND = 2;
/** Enough for the compiler to be done. */
const WARM_UP_CHECKS = 40_000;

const shop = await openShop();
const check = shop.checkOf('');
const load = await h2load(check);
const all: readonly Measured[] = [
  peer('constant on grpc-js', await startPeer('grpc-js-constant')),
  await ostiary('ostiary', []),
  await ostiary('ostiary on grpc-js', ['--transport', 'grpc-js']),
  ...(process.argv.includes('--transports') ? await transports() : []),
];
try {
  const checks = new Map<Measured, number>();
  for (const one of all) {
    const { requestsPerSecond } = await load({ address: one.server.address, requests: WARM_UP_CHECKS });
    checks.set(one, Math.ceil(requestsPerSecond * SECONDS_PER_ROUND));
    await one.verify?.(WARM_UP_CHECKS);
  }
  // Interleaved, so that whatever else the machine does slows all of them alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of all) one.saturated.push(await saturate(one, checks.get(one) ?? WARM_UP_CHECKS));
  }
  for (const one of all) {
    const requestsPerSecond = rate(one) / 2;
    const requests = Math.ceil(requestsPerSecond * SECONDS_PER_ROUND);
    one.halfLoad = await load({ address: one.server.address, requests, requestsPerSecond });
    await one.verify?.(requests);
  }
  report(await withoutNetwork());
} finally {
  for (const { server } of all) await server.process.stop();
}

function peer(name: string, server: BenchServer): Measured {
  return { name, server, saturated: [] };
}

/** What HTTP/2 costs elsewhere. */
async function transports(): Promise<Measured[]> {
  return [
    peer('constant on our HTTP/2', await startPeer('http2-constant')),
    peer("constant on Node's HTTP/2", await startPeer('node-http2-constant')),
    peer('nghttpd, a file', await startNghttpd(ANSWER_BYTES)),
  ];
}

async function ostiary(name: string, flags: readonly string[]): Promise<Measured> {
  const server = await startOstiary(shop.policies, flags);
  return { name, server, saturated: [], verify: await verifier(name, server.adminUrl) };
}

async function saturate({ server, verify }: Measured, requests: number): Promise<Round> {
  const before = cpuMicroseconds(server.process);
  const result = await load({ address: server.address, requests });
  const cpuMicrosecondsPerCheck = (cpuMicroseconds(server.process) - before) / requests;
  await verify?.(requests);
  return { ...result, cpuMicrosecondsPerCheck };
}

async function withoutNetwork(): Promise<number> {
  const program = join(import.meta.dirname, 'decision.ts');
  const { stdout } = await promisify(execFile)('taskset', ['-c', '0', process.execPath, program]);
  return Number(/(\d+)\/s/.exec(stdout)?.[1]);
}

function rate({ saturated }: Measured): number {
  return median(saturated.map(({ requestsPerSecond }) => requestsPerSecond));
}

function cpu({ saturated }: Measured): number {
  return median(saturated.map(({ cpuMicrosecondsPerCheck }) => cpuMicrosecondsPerCheck));
}

function report(decisionsPerSecond: number): void {
  console.log(`a Check of ${check.length} bytes; h2load, 8 connections × 32 streams; medians of ${ROUNDS} rounds`);
  const columns = ['', 'Checks/s (least–most)', 'CPU µs', 'p50 / p99 ms, saturated', '… at half load', 'RSS MB'];
  console.log(columns.map(cell).join(''));
  for (const one of all) {
    const rates = one.saturated.map(({ requestsPerSecond }) => requestsPerSecond);
    const p50Ms = median(one.saturated.map((round) => round.p50Ms));
    const p99Ms = median(one.saturated.map((round) => round.p99Ms));
    const row = [
      one.name,
      `${whole(rate(one))} (${whole(Math.min(...rates))}–${whole(Math.max(...rates))})`,
      cpu(one).toFixed(1),
      latencies({ p50Ms, p99Ms }),
      one.halfLoad === undefined ? '' : latencies(one.halfLoad),
      whole(residentMegabytes(one.server.process)),
    ];
    console.log(row.map(cell).join(''));
  }
  console.log(`${cell('the decision, no network')}${whole(decisionsPerSecond)}`);
  const [baseline, ...others] = all;
  if (baseline === undefined) return;
  for (const other of others) {
    const ratio = (rate(other) / rate(baseline)).toFixed(2);
    console.log(`${other.name} ÷ ${baseline.name}: ${ratio} (by CPU time ${(cpu(baseline) / cpu(other)).toFixed(2)})`);
  }
}

function latencies({ p50Ms, p99Ms }: Pick<LoadResult, 'p50Ms' | 'p99Ms'>): string {
  return `${p50Ms.toFixed(2)} / ${p99Ms.toFixed(2)}`;
}

function cell(text: string): string {
  return text.padEnd(28);
}

function whole(value: number): string {
  return String(Math.round(value));
}
