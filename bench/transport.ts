// What a Check costs on one core: gRPC servers that answer a constant, and beside them ostiary, which verifies a
// token, finds client and contract and charges a tier of two windows, in memory and leased from a Redis, started as in
// the image. Run: npm run bundle && node bench/transport.ts [seconds a round] [rounds] [names, such as nghttpd,memory]
import type { LoadResult } from './h2load.ts';
import { startGrpcGo, startTonic } from './native-peers.ts';
import { asInImage, cpuMicroseconds, residentMegabytes, startNghttpd, startOstiary, startPeer } from './server.ts';
import type { BenchServer } from './server.ts';
import { openShop } from './shop.ts';
import { median } from './timing.ts';
import { variedChecks } from './varied-checks.ts';
import { variedLoad } from './varied-load.ts';
import { verifier } from './verifier.ts';
import type { Verify } from './verifier.ts';
import { startRedis } from '../test/real/redis.ts';

interface Round extends LoadResult {
  /** CPU time of the server, which other programs on the machine hardly change. */
  readonly cpuMicrosecondsPerCheck: number;
}

interface Measured {
  readonly name: string;
  readonly server: BenchServer;
  readonly saturated: Round[];
  halfLoad?: Round;
  readonly verify?: Verify;
}

const secondsPerRound = Number(process.argv[2] ?? 2);
const rounds = Number(process.argv[3] ?? 5);
/** Only those whose names have one of these; nghttpd is what all are compared with. */
const only = process.argv[4]?.split(',') ?? [''];
const isWanted = (name: string): boolean => name === 'nghttpd' || only.some((part) => name.includes(part));
const WARM_UP_CHECKS = 40_000;
const CLIENTS = 100;
const TOKENS = 1000;
/** nghttpd sends a file of this length. */
const ANSWER_BYTES = 148;

const shop = await openShop(CLIENTS);
const sent = variedChecks(await shop.tokens(TOKENS));
const load = variedLoad(sent);
const redis = await startRedis();
const all: Measured[] = [];
for (const [name, start] of [
  ['nghttpd', () => startNghttpd(ANSWER_BYTES)],
  ['ostiary’s transport', () => startPeer('http2-constant')],
  ['tonic', startTonic],
  ['grpc-go', startGrpcGo],
  ['node:http2', () => startPeer('node-http2-constant')],
  ['grpc-js', () => startPeer('grpc-js-constant')],
] as const) {
  if (name === 'tonic') {
    await addOstiary('ostiary, in memory');
    await addOstiary('ostiary, leased', '--redis', redis.url);
  }
  if (!isWanted(name)) continue;
  const server = await start();
  if (server === undefined) console.log(`${name}: not built, its toolchain is not here`);
  else all.push({ name, server, saturated: [] });
}

try {
  const checks = new Map<Measured, number>();
  for (const one of all) {
    await presentTokens(one);
    const { requestsPerSecond } = await load({ address: one.server.address, requests: WARM_UP_CHECKS });
    checks.set(one, Math.ceil(requestsPerSecond * secondsPerRound));
    await one.verify?.(WARM_UP_CHECKS);
  }
  // Interleaved, so that whatever else the machine does slows all of them alike.
  for (let round = 0; round < rounds; round++) {
    for (const one of all) one.saturated.push(await measure(one, checks.get(one) ?? WARM_UP_CHECKS));
  }
  for (const one of all) {
    const requestsPerSecond = rate(one) / 2;
    one.halfLoad = await measure(one, Math.ceil(requestsPerSecond * secondsPerRound), requestsPerSecond);
  }
  report();
} finally {
  for (const { server } of all) await server.process.stop();
  await redis.stop();
}

/** Until each signature was verified: a server that starts refuses what comes faster than it can do that. */
async function presentTokens({ server, verify }: Measured): Promise<void> {
  for (let attempt = 1; attempt <= 10; attempt++) {
    await load({ address: server.address, requests: TOKENS, requestsPerSecond: 300 });
    try {
      await verify?.(TOKENS);
      return;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

async function addOstiary(name: string, ...flags: string[]): Promise<void> {
  if (!isWanted(name)) return;
  const server = await startOstiary(shop.policies, flags, asInImage);
  all.push({ name, server, saturated: [], verify: await verifier(name, server.adminUrl) });
}

async function measure({ server, verify }: Measured, requests: number, requestsPerSecond?: number): Promise<Round> {
  const before = cpuMicroseconds(server.process);
  const pace = requestsPerSecond === undefined ? {} : { requestsPerSecond };
  const result = await load({ address: server.address, requests, ...pace });
  const cpuMicrosecondsPerCheck = (cpuMicroseconds(server.process) - before) / requests;
  await verify?.(requests);
  return { ...result, cpuMicrosecondsPerCheck };
}

function rate({ saturated }: Measured): number {
  return median(saturated.map(({ requestsPerSecond }) => requestsPerSecond));
}

function cpu({ saturated }: Measured): number {
  return median(saturated.map(({ cpuMicrosecondsPerCheck }) => cpuMicrosecondsPerCheck));
}

function report(): void {
  const bytes = Math.round(sent.bytes.length / TOKENS);
  console.log(
    `Checks of ${bytes} bytes, ${TOKENS} tokens and paths, each with a stream id and time of its own; the server on one core,`,
  );
  console.log(`the client on the other, 8 connections × 32 streams; medians of ${rounds} rounds`);
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
