import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { CounterStore } from '../../src/quota/store.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freshDemand, untilAvailable } from './behaviour.ts';

// Windows that end all the time, on a real server: this is where keys without an end, and units spent in
// another window than their own, come to light.

const RUN_MS = 150;
const HOUR = 3_600_000;

let redis: RealRedis;
let stores: readonly CounterStore[];
beforeAll(async () => {
  redis = await startRedis();
  const open = (quota: 'exact' | 'leased', offsetMs: number) => {
    const clock = { monotonic: () => systemClock.monotonic(), now: () => systemClock.now() + offsetMs };
    return untilAvailable(createCounterStore({ quota, storeTimeoutMs: 1000, redis: { urls: [redis.url] } }, { clock }));
  };
  stores = await Promise.all([open('exact', 0), open('leased', 0), open('leased', 5000), open('exact', -5000)]);
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await redis.stop();
});

const shape = fc.record({
  maximum: fc.integer({ min: 1, max: 60 }),
  windowMs: fc.integer({ min: 20, max: 60 }),
  total: fc.integer({ min: 1, max: 400 }),
  costs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
  atOnce: fc.integer({ min: 1, max: 8 }),
});

describe('windows of 20 ms and more in Redis', () => {
  it('admit no more than their limits to replicas of both modes, two of them with a wrong clock, and leave no key without an end', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ maximum, windowMs, total, costs, atOnce }) => {
        const demand = freshDemand([
          [maximum, windowMs],
          [total, HOUR],
        ]);
        const startedAt = performance.now();
        let admitted = 0;
        const drive = async (store: CounterStore): Promise<void> => {
          for (let i = 0; performance.now() - startedAt < RUN_MS; i++) {
            const cost = costs[i % costs.length] as number;
            const takings = await Promise.all(
              Array.from({ length: atOnce }, async () => store.take([{ ...demand, cost }], performance.now() + 2000)),
            );
            admitted += takings.filter(({ granted }) => granted).length * cost;
            if (i % 5 === 0) await sleep(1);
          }
        };
        await Promise.all(stores.map(drive));
        const windows = Math.floor((performance.now() - startedAt) / windowMs) + 1;
        expect(admitted).toBeLessThanOrEqual(Math.min(total, maximum * windows));
        const key = `ostiary:${demand.key}`;
        const used = Number(await redis.cli('HGET', key, `u${HOUR}`));
        expect(used).toBeLessThanOrEqual(total);
        expect(used).toBeGreaterThanOrEqual(admitted);
        if (used > 0) expect(Number(await redis.cli('PTTL', key))).toBeGreaterThan(0);
      }),
      { numRuns: 25 },
    );
  });
});
