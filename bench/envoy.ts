// What asking costs a request behind a real Envoy: ext_authz off, and on with servers that answer a
// constant, at a steady pace. Run: node bench/envoy.ts [requests a second] [seconds a round] [rounds]
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseListenAddress } from '../src/listen/address.ts';
import { askingEnvoy, silentEnvoy } from '../test/http2/envoy-bootstrap.ts';
import { startEnvoy } from '../test/real/envoy.ts';
import type { RealEnvoy } from '../test/real/envoy.ts';
import { realPart } from '../test/real/parts.ts';
import { scratchFolder } from '../test/real/scratch.ts';
import { startGrpcGo, startTonic } from './native-peers.ts';
import { cpuMicroseconds, startPeer } from './server.ts';
import type { BenchServer } from './server.ts';
import { median } from './timing.ts';

const perSecond = Number(process.argv[2] ?? 500);
const seconds = Number(process.argv[3] ?? 4);
const rounds = Number(process.argv[4] ?? 5);
const CLIENTS = 10;

interface Round {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the authorization server, a request. */
  readonly cpuMicroseconds: number;
}

interface Measured {
  readonly name: string;
  readonly server: BenchServer | undefined;
  readonly envoy: RealEnvoy;
  readonly rounds: Round[];
}

const h2load = await realPart('h2load');
const log = join(scratchFolder('envoy-load'), 'log');
const all: Measured[] = [await measured('ext_authz off', undefined)];
for (const [name, start] of [
  ['ostiary’s transport', () => startPeer('http2-constant')],
  ['grpc-js', () => startPeer('grpc-js-constant')],
  ['tonic', startTonic],
  ['grpc-go', startGrpcGo],
] as const) {
  const server = await start();
  if (server === undefined) console.log(`${name}: not built, its toolchain is not here`);
  else all.push(await measured(name, server));
}

try {
  for (const one of all) await load(one);
  // Interleaved, so that whatever else the machine does slows all of them alike.
  for (let round = 0; round < rounds; round++) for (const one of all) one.rounds.push(await load(one));
  report();
} finally {
  for (const { server, envoy } of all) await Promise.all([envoy.stop(), server?.process.stop()]);
}

async function measured(name: string, server: BenchServer | undefined): Promise<Measured> {
  const bootstrap = server === undefined ? silentEnvoy() : askingEnvoy(parseListenAddress(server.address, 'address'));
  return { name, server, envoy: await startEnvoy(bootstrap), rounds: [] };
}

async function load({ envoy, server }: Measured): Promise<Round> {
  const requests = perSecond * seconds;
  writeFileSync(log, '');
  const before = server === undefined ? 0 : cpuMicroseconds(server.process);
  const pace = ['-c', `${CLIENTS}`, '-m', '1', '-n', `${requests}`, '--rps', `${perSecond / CLIENTS}`];
  const { stdout } = await promisify(execFile)(h2load, [
    ...pace,
    '--log-file',
    log,
    `http://127.0.0.1:${envoy.port('in')}/`,
  ]);
  if (!stdout.includes(`${requests} 2xx`)) throw new Error(`not every request passed:\n${stdout}`);
  const after = server === undefined ? 0 : cpuMicroseconds(server.process);
  const durationsMs = readFileSync(log, 'utf8')
    .split('\n')
    .map((line) => Number(line.split('\t')[2]) / 1000)
    .filter((ms) => !Number.isNaN(ms))
    .toSorted((a, b) => a - b);
  const at = (share: number): number => durationsMs[Math.floor(durationsMs.length * share)] ?? NaN;
  const meanMs = durationsMs.reduce((sum, ms) => sum + ms, 0) / durationsMs.length;
  return { meanMs, p50Ms: at(0.5), p99Ms: at(0.99), cpuMicroseconds: (after - before) / requests };
}

function report(): void {
  console.log(`${perSecond} requests a second through Envoy, ${rounds} rounds of ${seconds} s; medians of the rounds`);
  row(['', 'mean ms', 'added', 'p50 ms', 'p99 ms', 'added', 'CPU µs a request']);
  const [off] = all;
  for (const one of all) {
    row([
      one.name,
      of(one, 'meanMs').toFixed(2),
      (of(one, 'meanMs') - of(off!, 'meanMs')).toFixed(2),
      of(one, 'p50Ms').toFixed(2),
      of(one, 'p99Ms').toFixed(2),
      (of(one, 'p99Ms') - of(off!, 'p99Ms')).toFixed(2),
      of(one, 'cpuMicroseconds').toFixed(0),
    ]);
  }
}

function of(one: Measured, figure: keyof Round): number {
  return median(one.rounds.map((round) => round[figure]));
}

function row(cells: readonly string[]): void {
  console.log(cells.map((text, index) => text.padEnd(index === 0 ? 22 : 10)).join(''));
}
