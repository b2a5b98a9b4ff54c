// What a Check costs on the wire: gRPC servers that answer a constant, on one core, side by side.
// Run: node bench/transport.ts [seconds a round] [rounds]
import { h2load, type LoadResult } from './h2load.ts';
import { startGrpcGo, startTonic } from './native-peers.ts';
import { realisticCheck } from './realistic-check.ts';
import { type BenchServer, cpuMicroseconds, residentMegabytes, startNghttpd, startPeer } from './server.ts';
import { median } from './timing.ts';

interface Round extends LoadResult {
  /** CPU time of the server, which other programs on the machine hardly change. */
  readonly cpuMicrosecondsPerCheck: number;
}

interface Measured {
  readonly name: string;
  readonly server: BenchServer;
  readonly saturated: Round[];
  halfLoad?: Round;
}

const secondsPerRound = Number(process.argv[2] ?? 2);
const rounds = Number(process.argv[3] ?? 5);
const warmUpChecks = 40_000;
/** nghttpd sends a file of this length. */
const answerBytes = 148;

const check = realisticCheck({ streamId: '1', clientId: '0f9d1f3e5d8c4a2b', token: 'x'.repeat(800) });
const load = await h2load(check);
const all: Measured[] = [];
for (const [name, start] of [
  ['nghttpd', () => startNghttpd(answerBytes)],
  ['ostiary’s transport', () => startPeer('http2-constant')],
  ['tonic', startTonic],
  ['grpc-go', startGrpcGo],
  ['node:http2', () => startPeer('node-http2-constant')],
  ['grpc-js', () => startPeer('grpc-js-constant')],
] as const) {
  const server = await start();
  if (server === undefined) console.log(`${name}: not built, its toolchain is not here`);
  else all.push({ name, server, saturated: [] });
}

try {
  const checks = new Map<Measured, number>();
  for (const one of all) {
    const { requestsPerSecond } = await load({ address: one.server.address, requests: warmUpChecks });
    checks.set(one, Math.ceil(requestsPerSecond * secondsPerRound));
  }
  // Interleaved, so that whatever else the machine does slows all of them alike.
  for (let round = 0; round < rounds; round++) {
    for (const one of all) one.saturated.push(await measure(one, checks.get(one) ?? warmUpChecks));
  }
  for (const one of all) {
    const requestsPerSecond = rate(one) / 2;
    one.halfLoad = await measure(one, Math.ceil(requestsPerSecond * secondsPerRound), requestsPerSecond);
  }
  report();
} finally {
  for (const { server } of all) await server.process.stop();
}

async function measure({ server }: Measured, requests: number, requestsPerSecond?: number): Promise<Round> {
  const before = cpuMicroseconds(server.process);
  const pace = requestsPerSecond === undefined ? {} : { requestsPerSecond };
  const result = await load({ address: server.address, requests, ...pace });
  return { ...result, cpuMicrosecondsPerCheck: (cpuMicroseconds(server.process) - before) / requests };
}

function rate({ saturated }: Measured): number {
  return median(saturated.map(({ requestsPerSecond }) => requestsPerSecond));
}

function cpu({ saturated }: Measured): number {
  return median(saturated.map(({ cpuMicrosecondsPerCheck }) => cpuMicrosecondsPerCheck));
}

function report(): void {
  console.log(`a Check of ${check.length} bytes; h2load, 8 connections × 32 streams; medians of ${rounds} rounds`);
  row(['', 'Checks/s (least–most)', '÷ nghttpd', 'CPU µs', '÷ nghttpd', 'half load: p50 / p99 ms', 'CPU µs', 'RSS MB']);
  const [baseline] = all;
  for (const one of all) {
    const rates = one.saturated.map(({ requestsPerSecond }) => requestsPerSecond);
    const { p50Ms = 0, p99Ms = 0, cpuMicrosecondsPerCheck = 0 } = one.halfLoad ?? {};
    row([
      one.name,
      `${rate(one).toFixed(0)} (${Math.min(...rates).toFixed(0)}–${Math.max(...rates).toFixed(0)})`,
      (rate(one) / rate(baseline!)).toFixed(2),
      cpu(one).toFixed(1),
      (cpu(one) / cpu(baseline!)).toFixed(2),
      `${p50Ms.toFixed(2)} / ${p99Ms.toFixed(2)}`,
      cpuMicrosecondsPerCheck.toFixed(1),
      residentMegabytes(one.server.process).toFixed(0),
    ]);
  }
}

function row(cells: readonly string[]): void {
  console.log(cells.map((text, index) => text.padEnd([22, 26, 12, 8, 12, 26, 8, 8][index] ?? 0)).join(''));
}
