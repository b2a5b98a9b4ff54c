// What a sidecar weighs: ready beside `node -e 0` in the same run, memory idle and after load, CPU a Check, by how
// the bundle is started. Run: npm run bundle && node bench/weight.ts [seconds of load, 60; 0: readiness alone] [another bundle's main.js]
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealProcess } from '../test/real/process.ts';
import { asInImage, cpuMicroseconds, startOstiary } from './server.ts';
import type { BenchOstiary } from './server.ts';
import { openShop } from './shop.ts';
import { median } from './timing.ts';
import { variedChecks } from './varied-checks.ts';
import { variedLoad } from './varied-load.ts';

const loadSeconds = Number(process.argv[2] ?? 60);
const bundle = join(import.meta.dirname, '../dist/main.js');
const other = process.argv[3];
const CLIENTS = 100;
const TOKENS = 1000;
const STARTS = 7;
/** Until what the start left behind is given back. */
const IDLE_MS = 5000;
/** Until memory that load has taken is given back. */
const REST_MS = 15_000;
const REQUESTS_A_ROUND = 50_000;

interface Start {
  readonly name: string;
  /** What Node.js is started with. */
  readonly program: readonly string[];
}

const ways: readonly Start[] = [
  { name: 'image', program: asInImage },
  { name: 'both halves 4 MB', program: ['--min-semi-space-size=4', '--max-semi-space-size=4', bundle] },
  { name: '--max-semi-space-size=4', program: ['--max-semi-space-size=4', bundle] },
  { name: 'no flags', program: [bundle] },
  ...(other === undefined ? [] : [{ name: other, program: [other] }]),
];

const shop = await openShop(CLIENTS);
const load = variedLoad(variedChecks(await shop.tokens(TOKENS)));
// The first request loads the client's code, which is none of the server's time.
await fetch('http://127.0.0.1:9').catch(() => undefined);
await readiness();
if (loadSeconds > 0) await weights();

/** In turn, so that whatever else the machine does slows all of them alike. */
async function readiness(): Promise<void> {
  const nodeMs: number[] = [];
  const nodeCpuMs: number[] = [];
  const ready = new Map<Start, { ms: number[]; cpuMs: number[] }>(ways.map((way) => [way, { ms: [], cpuMs: [] }]));
  for (let start = 0; start < STARTS; start++) {
    const startedAt = performance.now();
    const before = childrenCpuMs();
    execFileSync('taskset', ['-c', '0', process.execPath, '-e', '0']);
    nodeMs.push(performance.now() - startedAt);
    nodeCpuMs.push(childrenCpuMs() - before);
    for (const [way, { ms, cpuMs }] of ready) {
      const server = await startOstiary(shop.policies, [], way.program);
      ms.push(server.readyMs);
      cpuMs.push(cpuMicroseconds(server.process) / 1000);
      await server.process.kill();
    }
  }
  console.log(`node -e 0: ${median(nodeMs).toFixed(0)} ms, ${mean(nodeCpuMs).toFixed(0)} ms of processor time`);
  for (const [{ name }, { ms, cpuMs }] of ready) {
    const [times, cpuTimes] = [median(ms) / median(nodeMs), mean(cpuMs) / mean(nodeCpuMs)].map((ratio) =>
      ratio.toFixed(1),
    );
    console.log(`${name}: ready after ${median(ms).toFixed(0)} ms, ${times} × node -e 0; processor time ${cpuTimes} ×`);
  }
}

/** In user and kernel mode, of children that have ended. Linux counts in hundredths of a second: look at means. */
function childrenCpuMs(): number {
  const [, fields = ''] = readFileSync('/proc/self/stat', 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(13, 15).map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 10;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function weights(): Promise<void> {
  const running: { way: Start; server: BenchOstiary; idle: Memory; cpu: number[] }[] = [];
  for (const way of ways) {
    const server = await startOstiary(shop.policies, [], way.program);
    await sleep(IDLE_MS);
    running.push({ way, server, idle: memoryOf(server.process), cpu: [] });
  }
  for (const { server } of running) {
    // Twice: signatures are verified no faster than a server that starts can.
    for (let pass = 0; pass < 2; pass++) await load({ ...server, requests: TOKENS, requestsPerSecond: 300 });
  }
  const loadMs = new Map(running.map(({ server }) => [server, 0]));
  while ([...loadMs.values()].some((ms) => ms < loadSeconds * 1000)) {
    for (const { server, cpu } of running) {
      const before = cpuMicroseconds(server.process);
      const startedAt = performance.now();
      await load({ ...server, requests: REQUESTS_A_ROUND });
      loadMs.set(server, (loadMs.get(server) ?? 0) + performance.now() - startedAt);
      cpu.push((cpuMicroseconds(server.process) - before) / REQUESTS_A_ROUND);
    }
  }
  const loads = running.map(({ server }) => memoryOf(server.process));
  await sleep(REST_MS);
  for (const [index, { way, server, idle, cpu }] of running.entries()) {
    const [loaded, rested] = [loads[index] as Memory, memoryOf(server.process)];
    console.log(
      [
        `${way.name}: idle RSS ${idle.rssMib.toFixed(0)} MiB (PSS ${idle.pssMib.toFixed(0)})`,
        `after ${loadSeconds} s at full load ${loaded.rssMib.toFixed(0)} MiB (PSS ${loaded.pssMib.toFixed(0)})`,
        `${REST_MS / 1000} s later ${rested.rssMib.toFixed(0)} MiB (PSS ${rested.pssMib.toFixed(0)})`,
        `CPU ${median(cpu).toFixed(2)} µs a Check (least ${Math.min(...cpu).toFixed(2)})`,
      ].join(', '),
    );
    await server.process.stop();
  }
}

interface Memory {
  readonly rssMib: number;
  /** What it shares with others counts for its part alone. */
  readonly pssMib: number;
}

function memoryOf({ pid }: RealProcess): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
  return { rssMib: of('Rss'), pssMib: of('Pss') };
}
