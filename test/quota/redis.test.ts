import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { CounterStore, Demand } from '../../src/quota/store.ts';
import type { CounterOptions } from '../../src/redis/counter-options.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { behavesAsCounterStore, freshDemand, untilAvailable } from './behaviour.ts';

let redis: RealRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

function openStore(options: Partial<CounterOptions> = {}, url = redis.url): CounterStore {
  const redisOptions = { urls: [url], prefix: 'test:' };
  return createCounterStore({ storeTimeoutMs: 2000, redis: redisOptions, ...options }, { clock: systemClock });
}

behavesAsCounterStore('redis, exact', () => untilAvailable(openStore({ quota: 'exact' })));
behavesAsCounterStore('redis, leased', () => untilAvailable(openStore({ quota: 'leased' })));

const soon = () => performance.now() + 5000;

/** A store may throw at once or reject. */
const take = async (store: CounterStore, demand: Demand, deadline = soon()) => store.take([demand], deadline);

describe('the Redis store', () => {
  let store: CounterStore;
  beforeAll(async () => {
    store = await untilAvailable(openStore({ quota: 'exact' }));
  });
  afterAll(() => store.close());

  it('needs one command a decision', async () => {
    const demand = freshDemand([
      [100, 60_000],
      [200, 120_000],
    ]);
    await store.take([demand], soon());
    // The start check asks too.
    await sleep(50);
    const before = await commands();
    for (let i = 0; i < 10; i++) await store.take([demand], soon());
    expect((await commands()) - before).toBe(10);
  });

  it('charges once where the scripts were flushed', async () => {
    const demand = freshDemand([[10, 60_000]]);
    await store.take([demand], soon());
    await redis.cli('SCRIPT', 'FLUSH');
    expect((await store.take([demand], soon())).windows[0]?.[0]?.remaining).toBe(8);
  });

  it('resets a counter with many fields', async () => {
    const demand = freshDemand([[10, 60_000]]);
    await store.take([demand], soon());
    const fields = Array.from({ length: 20_000 }, (_, i) => [`debt${i}`, '1']).flat();
    for (let i = 0; i < fields.length; i += 8000) {
      await redis.cli('HSET', `test:${demand.key}`, ...fields.slice(i, i + 8000));
    }
    expect(await store.reset([demand], soon())).toBe(1);
    expect(await redis.cli('HLEN', `test:${demand.key}`)).toBe('1');
    expect(Number(await redis.cli('PTTL', `test:${demand.key}`))).toBeGreaterThan(0);
  });

  it('leaves no key without a time to live', async () => {
    const demand = freshDemand([
      [5, 20],
      [1000, 60_000],
    ]);
    const end = performance.now() + 300;
    while (performance.now() < end) await store.take([demand], soon());
    for (const key of (await redis.cli('KEYS', '*')).split('\n')) {
      expect(Number(await redis.cli('PTTL', key)), key).not.toBe(-1);
    }
  });

  it('writes nothing where it refuses', async () => {
    const demand = freshDemand([[1, 60_000]]);
    await store.take([demand], soon());
    const key = `test:${demand.key}`;
    const before = await redis.cli('HGETALL', key);
    await store.take([demand], soon());
    expect(await redis.cli('HGETALL', key)).toBe(before);
  });

  it('is unavailable in time while Redis answers nothing, and comes back', async () => {
    const demand = freshDemand([[100, 60_000]]);
    redis.pause();
    try {
      // Redis says nothing until the `finally`: whoever waited for it would wait for ever.
      await expect(take(store, demand, performance.now() + 100)).rejects.toThrow(StoreUnavailable);
    } finally {
      redis.resume();
    }
    expect((await store.take([demand], soon())).granted).toBe(true);
  });

  it('fails at once when it has not answered five times, until it answers again', async () => {
    redis.pause();
    try {
      const one = freshDemand([[100, 60_000]]);
      const five = Array.from({ length: 5 }, () => take(store, freshDemand([[100, 60_000]])));
      for (const hit of five) await expect(hit).rejects.toThrow(StoreUnavailable);
      await sleep(20);
      // A hit that had waited would say how long.
      await expect(take(store, one)).rejects.toThrow('does not answer in time');
      expect(store.health().available).toBe(false);
    } finally {
      redis.resume();
    }
    await untilAvailable(store);
  });

  it('starts without Redis and joins when it comes', async () => {
    const late = await startRedis();
    await late.kill();
    const joining = openStore({}, late.url);
    try {
      const demand = freshDemand([[1, 60_000]]);
      await expect(take(joining, demand)).rejects.toThrow(StoreUnavailable);
      await late.restart();
      await untilAvailable(joining);
      expect((await joining.take([demand], soon())).granted).toBe(true);
    } finally {
      await joining.close();
      await late.stop();
    }
  });
});

async function commands(): Promise<number> {
  const info = await redis.cli('INFO', 'commandstats');
  return (
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1]) + Number(/cmdstat_eval:calls=(\d+)/.exec(info)?.[1] ?? 0)
  );
}
