import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { noCounterMetrics } from '../../src/quota/counter-metrics.ts';
import type { CounterStore, Demand } from '../../src/quota/store.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freshDemand, untilAvailable } from './behaviour.ts';

const HOUR = 3_600_000;

let redis: RealRedis;
const open: CounterStore[] = [];
let mesh = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  mesh += 1;
  redis.resume();
  await redis.cli('CONFIG', 'SET', 'maxmemory', '0');
  await Promise.all(open.splice(0).map((store) => store.close()));
});
afterAll(() => redis.stop());

async function join(calls: Record<string, number> = {}): Promise<CounterStore> {
  const metrics = {
    ...noCounterMetrics,
    storeCall: (script: string) => void (calls[script] = (calls[script] ?? 0) + 1),
  };
  const options = { storeTimeoutMs: 50, redis: { urls: [redis.url], prefix: `loc${mesh}:` } };
  const store = createCounterStore(options, { clock: systemClock, metrics });
  open.push(store);
  return untilAvailable(store);
}

function localDemand(maximum = 100, slot?: string): Demand {
  const demand = freshDemand([[maximum, HOUR]]);
  return {
    ...demand,
    slot: slot ?? demand.slot,
    terms: { scope: 'mesh', quota: 'exact', onStoreFailure: 'local' },
  };
}

async function admitted(store: CounterStore, hits: number, ...demands: Demand[]): Promise<number> {
  let granted = 0;
  for (let i = 0; i < hits; i++) if ((await store.take(demands, performance.now() + 1000)).granted) granted += 1;
  return granted;
}

const used = async ({ key }: Demand): Promise<number> =>
  Number(await redis.cli('HGET', `loc${mesh}:${key}`, `u${HOUR}`));

describe('the local share of a quota', () => {
  it('is not renewed when nobody asks for it for a while', async () => {
    const store = await join();
    const demand = localDemand();
    redis.pause();
    expect(await admitted(store, 120, demand)).toBe(100);
    await sleep(6000);
    expect(await admitted(store, 120, demand)).toBe(0);
  }, 20_000);

  it('is one share of a counter that several keys charge', async () => {
    const store = await join();
    const all = localDemand(100, 'api');
    redis.pause();
    let sum = 0;
    for (let i = 0; i < 5; i++) sum += await admitted(store, 40, all, localDemand(50, 'api'));
    expect(sum).toBe(100);
    redis.resume();
    await expect.poll(() => used(all), { timeout: 5000 }).toBeGreaterThanOrEqual(100);
  });

  it('is not handed out again by one short outage after another', async () => {
    const store = await join();
    const demand = localDemand();
    let sum = await admitted(store, 10, demand);
    for (let outage = 0; outage < 3; outage++) {
      redis.pause();
      await admitted(store, 6, localDemand());
      sum += await admitted(store, 120, demand);
      redis.resume();
      await untilAvailable(store);
      await sleep(100);
    }
    expect(sum).toBe(100);
  }, 20_000);

  it('decides beside another policy that asks Redis: what one owes is no 503 of the other', async () => {
    const store = await join();
    const owing = localDemand(100, 'api');
    const strict: Demand = {
      ...freshDemand([[3, HOUR]]),
      slot: 'api',
      terms: { scope: 'mesh', onStoreFailure: 'deny' },
    };
    // Nothing can be charged to such a key; to that of the other policy it can.
    await redis.cli('SET', `loc${mesh}:${owing.key}`, 'not a hash');
    expect(await admitted(store, 10, owing)).toBe(10);
    await sleep(300);
    expect(await admitted(store, 5, owing, strict)).toBe(3);
    expect(await used(strict)).toBe(3);
    const { windows } = await store.take([owing, strict], performance.now() + 1000);
    expect(windows.map(([state]) => state?.remaining)).toEqual([87, 0]);
    await redis.cli('DEL', `loc${mesh}:${owing.key}`);
    await expect.poll(() => used(owing), { timeout: 5000 }).toBe(13);
  });

  it('costs few calls on a Redis that answers errors, and is charged once when it can be', async () => {
    const calls: Record<string, number> = {};
    const store = await join(calls);
    const demand = localDemand(100_000);
    await admitted(store, 1, demand);
    await redis.cli('CONFIG', 'SET', 'maxmemory', '1');
    expect(await admitted(store, 500, demand)).toBe(500);
    expect(calls.charge_debt ?? 0).toBeLessThan(20);
    await redis.cli('CONFIG', 'SET', 'maxmemory', '0');
    await expect.poll(() => used(demand), { timeout: 5000 }).toBe(501);
    await sleep(300);
    expect(await used(demand)).toBe(501);
    expect((await store.take([demand], performance.now() + 1000)).byOutagePolicy).toBeUndefined();
  });
});
