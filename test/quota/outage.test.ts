import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { noCounterMetrics } from '../../src/quota/counter-metrics.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { CounterStore, Demand, QuotaTerms } from '../../src/quota/store.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freshDemand, untilAvailable } from './behaviour.ts';

const HOUR = 3_600_000;

let redis: RealRedis;
const open: CounterStore[] = [];
// A mesh for each test: replicas of the one before may not have said good-bye.
let mesh = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  mesh += 1;
  redis.resume();
  await Promise.all(open.splice(0).map((store) => store.close()));
});
afterAll(() => redis.stop());

async function join(admissions: string[] = [], storeTimeoutMs = 50): Promise<CounterStore> {
  const metrics = { ...noCounterMetrics, outageAdmission: (by: string) => void admissions.push(by) };
  const options = { storeTimeoutMs, redis: { urls: [redis.url], prefix: `out${mesh}:` } };
  const store = createCounterStore(options, { clock: systemClock, metrics });
  open.push(store);
  return untilAvailable(store);
}

function demandWith(onStoreFailure: QuotaTerms['onStoreFailure'], maximum = 100): Demand {
  const demand = freshDemand([[maximum, HOUR]]);
  return { ...demand, terms: { scope: 'mesh', quota: 'exact', onStoreFailure } };
}

const take = async (store: CounterStore, ...demands: Demand[]) => store.take(demands, performance.now() + 1000);

async function admitted(store: CounterStore, demand: Demand, hits: number): Promise<number> {
  let granted = 0;
  for (let i = 0; i < hits; i++) if ((await take(store, demand)).granted) granted += 1;
  return granted;
}

async function used(demand: Demand): Promise<number> {
  return Number(await redis.cli('HGET', `out${mesh}:${demand.key}`, `u${HOUR}`));
}

describe('while Redis answers nothing', () => {
  it('a quota that denies is a store failure, within the time-out', async () => {
    const store = await join();
    const demand = demandWith('deny');
    await take(store, demand);
    redis.pause();
    await expect(take(store, demand)).rejects.toThrow(StoreUnavailable);
  });

  it('a Check with little time left waits half of it', async () => {
    const store = await join([], 5000);
    redis.pause();
    const took = (async () => store.take([demandWith('deny')], performance.now() + 2000))();
    // A busy machine may take some of its time before it begins to wait.
    await expect(took).rejects.toThrow(/did not answer within (?:[89]\d\d|1000) ms/);
  });

  it('a quota that allows is a store failure that is counted', async () => {
    const admissions: string[] = [];
    const store = await join(admissions);
    redis.pause();
    await expect(take(store, demandWith('allow'))).rejects.toThrow(StoreUnavailable);
    expect(admissions).toEqual(['allow']);
  });

  it('a local quota admits what was last known to remain, and charges it afterwards', async () => {
    const admissions: string[] = [];
    const store = await join(admissions);
    const demand = demandWith('local');
    expect(await admitted(store, demand, 40)).toBe(40);
    redis.pause();
    expect(await admitted(store, demand, 100)).toBe(60);
    expect(new Set(admissions)).toEqual(new Set(['local']));
    const told = await take(store, demand);
    expect(told).toMatchObject({ granted: false, byOutagePolicy: true });
    expect(told.windows[0]?.[0]).toMatchObject({ remaining: 0 });
    redis.resume();
    await expect.poll(() => used(demand), { timeout: 5000 }).toBeGreaterThanOrEqual(100);
    // The one hit whose answer was late was debited and not granted; nothing was charged twice.
    expect(await used(demand)).toBeLessThanOrEqual(105);
    expect((await take(store, demand)).granted).toBe(false);
  });

  it('a local quota that nobody has used yet is the whole limit for a mesh of one', async () => {
    const store = await join();
    redis.pause();
    expect(await admitted(store, demandWith('local', 10), 20)).toBe(10);
  });

  it('each of two replicas admits half of what was last known to remain', async () => {
    const [one, other] = await Promise.all([join(), join()]);
    // Both have told the mesh of themselves, and heard of each other.
    await sleep(2200);
    const demand = demandWith('local');
    await Promise.all([admitted(one, demand, 10), admitted(other, demand, 10)]);
    await Promise.all([take(one, demand), take(other, demand)]);
    redis.pause();
    const granted = await Promise.all([admitted(one, demand, 100), admitted(other, demand, 100)]);
    const sum = granted[0] + granted[1];
    expect(sum).toBeLessThanOrEqual(78);
    expect(sum).toBeGreaterThanOrEqual(76);
  });

  it('one demand that denies is enough', async () => {
    const store = await join();
    const slot = 'both';
    redis.pause();
    const both = [
      { ...demandWith('local'), slot },
      { ...demandWith('deny'), slot },
    ];
    await expect(take(store, ...both)).rejects.toThrow(StoreUnavailable);
  });

  it('of one that allows and one that is local, the local one decides', async () => {
    const store = await join();
    const slot = 'mixed';
    redis.pause();
    const allowing = { ...demandWith('allow'), slot };
    const local = { ...demandWith('local', 1), slot };
    const first = await take(store, allowing, local);
    expect(first).toMatchObject({ granted: true, byOutagePolicy: true });
    expect(first.windows[0]).toEqual([]);
    expect((await take(store, allowing, local)).granted).toBe(false);
  });

  it('leases are spent until they die', async () => {
    const store = await join();
    const demand = freshDemand([[1_000_000, HOUR]]);
    const end = performance.now() + 150;
    while (performance.now() < end) {
      await Promise.all(Array.from({ length: 20 }, () => take(store, demand)));
      await sleep(1);
    }
    redis.pause();
    let granted = 0;
    for (; granted < 5000; granted++) {
      const taking = await take(store, demand).catch(() => undefined);
      if (taking?.granted !== true) break;
    }
    expect(granted).toBeGreaterThan(20);
    expect(granted).toBeLessThan(5000);
  });
});

describe('when Redis was killed and comes back empty', () => {
  it('is joined again, and counts again', async () => {
    const store = await join();
    const demand = demandWith('deny');
    await take(store, demand);
    await redis.restart();
    await untilAvailable(store);
    expect((await take(store, demand)).windows[0]?.[0]?.remaining).toBe(99);
  });
});

describe('a replica', () => {
  it('says good-bye when it stops', async () => {
    const [one, other] = await Promise.all([join(), join()]);
    await sleep(1200);
    expect(Number(await redis.cli('ZCARD', `out${mesh}:replicas`))).toBe(2);
    await other.close();
    expect(Number(await redis.cli('ZCARD', `out${mesh}:replicas`))).toBe(1);
    expect(one.health().available).toBe(true);
  });
});
