import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { TooManyKeys } from '../../src/quota/store.ts';
import type { CounterStore, Demand, QuotaTerms } from '../../src/quota/store.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { chosenDemand, freshDemand, limit, untilAvailable } from './behaviour.ts';

// Callers who make up keys open no more counters in Redis than each process lets them, and no quota is told wrong by
// that bound: a key that was let in is counted to its limit, and what is not let in is what onStoreFailure says.

const HOUR = 3_600_000;
let redis: RealRedis;
const open: CounterStore[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()));
  await redis.cli('FLUSHALL');
});
afterAll(() => redis.stop());

async function join(quota: 'exact' | 'leased', maxCounters: number): Promise<CounterStore> {
  const options = { storeTimeoutMs: 1000, quota, maxCounters, redis: { urls: [redis.url] } } as const;
  const store = createCounterStore(options, { clock: systemClock });
  open.push(store);
  return untilAvailable(store);
}

const take = async (store: CounterStore, demand: Demand) => store.take([demand], performance.now() + 2000);

/** Sends requests with a new key each, until one is not let in; returns those that were. */
async function flood(store: CounterStore, policy: string, periodMs = HOUR): Promise<readonly Demand[]> {
  const admitted: Demand[] = [];
  for (let i = 0; i < 200; i += 1) {
    const demand = { ...chosenDemand(policy, periodMs), limits: [limit(3, periodMs)] };
    try {
      expect((await take(store, demand)).granted).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(TooManyKeys);
      return admitted;
    }
    admitted.push(demand);
  }
  throw new Error('a flood has no end');
}

const terms = (onStoreFailure: QuotaTerms['onStoreFailure']): QuotaTerms => ({ scope: 'mesh', onStoreFailure });

describe.each(['exact', 'leased'] as const)('keys that callers choose, in Redis, %s,', (quota) => {
  it('are bounded for each policy, and those let in are counted to their limit', async () => {
    const store = await join(quota, 40);
    const first = await flood(store, 'a');
    expect(first).toHaveLength(20);
    expect(await flood(store, 'b')).toHaveLength(10);
    const counters = (await redis.cli('KEYS', 'ostiary:shop:*')).split('\n');
    expect(counters).toHaveLength(30);
    for (const demand of first) {
      expect((await take(store, demand)).granted).toBe(true);
      expect((await take(store, demand)).granted).toBe(true);
      expect((await take(store, demand)).granted).toBe(false);
    }
  });

  it('leave room for contracts, and for buckets that are not chosen', async () => {
    const store = await join(quota, 4);
    await flood(store, 'a');
    for (let i = 0; i < 20; i += 1) expect((await take(store, freshDemand([[1, HOUR]]))).granted).toBe(true);
  });

  it('fit again when windows have ended', async () => {
    const store = await join(quota, 10);
    const before = await flood(store, 'a', 1500);
    expect(before).toHaveLength(5);
    await sleep(1600);
    expect(await flood(store, 'a', 1500)).toHaveLength(5);
  });

  it('are denied where the policy says local: each new key would have a share of its own', async () => {
    const store = await join(quota, 2);
    await flood(store, 'a');
    await expect(take(store, { ...chosenDemand('a', HOUR), terms: terms('local') })).rejects.toThrow(TooManyKeys);
    await expect(take(store, { ...chosenDemand('a', HOUR), terms: terms('allow') })).rejects.toThrow('--max-counters');
  });
});
