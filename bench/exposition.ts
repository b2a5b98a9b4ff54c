// A scrape of 150,000 series, beside prom-client's: how long it takes, and how long it keeps the event loop from anything
// else. Run: node bench/exposition.ts
import { setImmediate as turn } from 'node:timers/promises';
import { Counter, Registry } from 'prom-client';
import { CounterTable } from '../src/observe/counter-table.ts';
import { expose } from '../src/observe/exposition.ts';
import type { Scraped } from '../src/observe/exposition.ts';
import { median } from './timing.ts';

const SERIES = 150_000;
const ROUNDS = 5;

const LABELS = ['api', 'client', 'tier', 'method', 'status_class', 'outcome'] as const;
const NAME = 'ostiary_requests_total';
const HELP = 'Requests that have ended.';

/** 50 APIs, 300 clients of each, and 10 combinations of the rest. */
function* series(): Generator<string[]> {
  for (let at = 0; at < SERIES; at++) {
    const rest = at % 10;
    const client = Math.floor(at / 10) % 300;
    const method = rest < 5 ? 'GET' : 'POST';
    yield [`orders-${Math.floor(at / 3000)}`, `web-shop-${client}`, 'gold', method, `${1 + (rest % 5)}xx`, 'processed'];
  }
}

const own = new CounterTable({ name: NAME, help: HELP, labels: LABELS, most: SERIES, folding: ['client'], seed: 1 });
const beforeOwn = heapAndBuffers();
for (const values of series()) own.add(values, 12_345);
const OWN_BYTES = (heapAndBuffers() - beforeOwn) / SERIES;

const registry = new Registry();
const counter = new Counter({ name: NAME, help: HELP, labelNames: [...LABELS], registers: [registry] });
const beforeOther = heapAndBuffers();
for (const values of series()) {
  counter.inc(Object.fromEntries(LABELS.map((label, at) => [label, values[at] as string])), 12_345);
}
const OTHER_BYTES = (heapAndBuffers() - beforeOther) / SERIES;

interface Timed {
  readonly ms: number;
  readonly longestBlockMs: number;
  readonly bytes: number;
}

/** @param work answers how many octets it has written */
async function timed(work: () => Promise<number>): Promise<Timed> {
  const done = new AbortController();
  let longest = 0;
  const watch = async (): Promise<void> => {
    let last = performance.now();
    while (!done.signal.aborted) {
      await turn();
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
  };
  const watching = watch();
  await turn();
  const start = performance.now();
  const bytes = await work();
  const ms = performance.now() - start;
  done.abort();
  await watching;
  return { ms, longestBlockMs: longest, bytes };
}

const scraped: Scraped = { registry: new Registry(), families: [own] };
const writeOwn = async (): Promise<number> => {
  let bytes = 0;
  // As they go to the socket.
  for await (const piece of expose(undefined, () => scraped).chunks) bytes += Buffer.from(piece).length;
  return bytes;
};
const writeOther = async (): Promise<number> => Buffer.from(await registry.metrics()).length;

const [ours, theirs]: [Timed[], Timed[]] = [[], []];
for (let round = 0; round < ROUNDS; round++) {
  ours.push(await timed(writeOwn));
  theirs.push(await timed(writeOther));
}
const row = (label: string, runs: readonly Timed[], bytesEach: number): void => {
  const [ms, block] = [median(runs.map((run) => run.ms)), median(runs.map((run) => run.longestBlockMs))];
  const size = `${((runs[0]?.bytes ?? 0) / 1e6).toFixed(1)} MB`;
  console.log(
    `${label.padEnd(12)} ${ms.toFixed(0).padStart(6)} ms ${block.toFixed(1).padStart(9)} ms ${size.padStart(9)} ${bytesEach.toFixed(0).padStart(7)}`,
  );
};
console.log(`${SERIES} series, medians of ${ROUNDS} alternating rounds`);
console.log('              whole   longest block    text   octets of memory a series');
row('ours', ours, OWN_BYTES);
row('prom-client', theirs, OTHER_BYTES);
console.log(`ratio ${(median(ours.map(({ ms }) => ms)) / median(theirs.map(({ ms }) => ms))).toFixed(3)}`);

function heapAndBuffers(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
