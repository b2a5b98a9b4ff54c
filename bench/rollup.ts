// Slots: what one request costs, what 50,000 series take, and what folding and giving out a slot take.
// Run: node --expose-gc bench/rollup.ts
import { setImmediate as turn } from 'node:timers/promises';
import type { Timers } from '../src/clock.ts';
import { Cube, SLOT_MS } from '../src/rollup/cube.ts';
import type { Measured } from '../src/rollup/slot-table.ts';
import { median, nanosecondsPerCall } from './timing.ts';

const SERIES = 50_000;
let now = 1_790_000_000_000;
const clock = { now: () => now };
const timers: Timers = { after: () => () => {} };
const MEASURED: Measured = { count: 1, requestBytes: 900, responseBytes: 2000, policyMs: 2, durationMs: 10 };

const STATUSES = ['200', '201', '404', '500', '503'];
function keyOf(at: number): string[] {
  const client = Math.floor(at / 10) % 500;
  const route = `/orders/{id}/items-${Math.floor(at / 5000)}`;
  const rest = ['GET', STATUSES[at % 5] as string, 'processed', '', '', 'spiffe://shop/ns/shop/sa/web', 'orders'];
  return ['orders', route, `web-shop-${client}`, `web-shop-${client}-orders`, at % 10 < 5 ? 'gold' : 'free', ...rest];
}
const keys = Array.from({ length: SERIES }, (_, at) => keyOf(at));
const cubeOf = (mostSeries: number): Cube =>
  new Cube({ node: 'bench', epoch: '00000001', mostSeries }, { clock, timers });

const cube = cubeOf(SERIES);
let given = 0;
cube.addTaker({ take: ({ rows }) => (given += rows.length) });
const before = heapAndBuffers();
for (const key of keys) {
  for (const durationMs of [5, 10, 40]) cube.add(key, { ...MEASURED, durationMs });
}
const BYTES = heapAndBuffers() - before;

let at = 0;
const addNs = nanosecondsPerCall(() => {
  at = (at + 7919) % 2000;
  MEASURED.durationMs = (at % 60) + 1;
  cube.add(keys[at] as string[], MEASURED);
  return at;
});

const giving = performance.now();
now += SLOT_MS;
cube.tick();
let longest = 0;
let last = performance.now();
for (const isGiven = (): boolean => given > 0; !isGiven();) {
  await turn();
  longest = Math.max(longest, performance.now() - last);
  last = performance.now();
}
const GIVING_MS = performance.now() - giving;

/** The longest that one addition takes where every key is new: some fold. */
const folds: number[] = [];
for (let round = 0; round < 5; round++) {
  const small = cubeOf(SERIES);
  let slowest = 0;
  for (let row = 0; row < SERIES + 10; row++) {
    const key = (keys[row % SERIES] as string[]).with(10, `spiffe://shop/ns/${row}`);
    const start = performance.now();
    small.add(key, MEASURED);
    if (row >= SERIES - 1) slowest = Math.max(slowest, performance.now() - start);
  }
  folds.push(slowest);
}

const result = {
  add_ns: Math.round(addNs),
  memory_mb_of_50000_series: Math.round(BYTES / 1e5) / 10,
  give_50000_rows_ms: Math.round(GIVING_MS),
  give_longest_block_ms: Math.round(longest * 10) / 10,
  fold_50000_rows_ms: Math.round(median(folds)),
};
process.stdout.write(`${JSON.stringify(result)}\n`);

function heapAndBuffers(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
