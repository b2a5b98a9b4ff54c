import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { noCounterMetrics } from '../../src/quota/counter-metrics.ts';
import type { CounterMetrics } from '../../src/quota/counter-metrics.ts';
import type { CounterStore, Demand } from '../../src/quota/store.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freshDemand, limit, untilAvailable } from './behaviour.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Replica {
  readonly store: CounterStore;
  /** What its metrics were told. */
  readonly seen: { lease: number; store: number; refusal: number; leased: number; returned: number; stranded: number };
}

let redis: RealRedis;
const replicas: Replica[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  await Promise.all(replicas.splice(0).map(({ store }) => store.close()));
});
afterAll(() => redis.stop());

async function joinMesh(clock = systemClock): Promise<Replica> {
  const seen = { lease: 0, store: 0, refusal: 0, fallback: 0, leased: 0, returned: 0, stranded: 0 };
  const metrics: CounterMetrics = {
    ...noCounterMetrics,
    hit: (by) => void (seen[by] += 1),
    leased: (units) => void (seen.leased += units),
    returned: (units) => void (seen.returned += units),
    stranded: (units) => void (seen.stranded += units),
  };
  const options = { storeTimeoutMs: 500, quota: 'leased', redis: { urls: [redis.url], prefix: 'mesh:' } } as const;
  const store = await untilAvailable(createCounterStore(options, { clock, metrics }));
  replicas.push({ store, seen });
  return { store, seen };
}

/** Hits for a while, `atOnce` at a time; returns how many were granted. */
async function hit({ store }: Replica, demand: Demand, forMs: number, atOnce = 20): Promise<number> {
  const end = performance.now() + forMs;
  let granted = 0;
  while (performance.now() < end) {
    const takings = await Promise.all(
      Array.from({ length: atOnce }, async () => store.take([demand], performance.now() + 1000)),
    );
    granted += takings.filter((taking) => taking.granted).length;
    await sleep(1);
  }
  return granted;
}

async function used(demand: Demand): Promise<number> {
  const period = demand.limits[0]?.timePeriodInMilliseconds;
  return Number(await redis.cli('HGET', `mesh:${demand.key}`, `u${period}`));
}

describe('a leased quota', () => {
  it('costs few calls for many hits', async () => {
    const replica = await joinMesh();
    const demand = freshDemand([[1_000_000, HOUR]]);
    await hit(replica, demand, 1000);
    expect(replica.seen.lease).toBeGreaterThan(20 * replica.seen.store);
  });

  it('is admitted by one busy replica to the last unit', async () => {
    const replica = await joinMesh();
    const demand = freshDemand([
      [700, HOUR],
      [5000, DAY],
    ]);
    expect(await hit(replica, demand, 700)).toBe(700);
    expect(await used(demand)).toBe(700);
  });

  it('is admitted by ten busy replicas to the last unit, and never above', async () => {
    const mesh = await Promise.all(Array.from({ length: 10 }, () => joinMesh()));
    const demand = freshDemand([[2000, HOUR]]);
    const granted = await Promise.all(mesh.map((replica) => hit(replica, demand, 2500, 5)));
    const sum = granted.reduce((a, b) => a + b);
    expect(sum).toBeLessThanOrEqual(2000);
    expect(sum).toBeGreaterThanOrEqual(1980);
  });

  it('never holds more than 5 % of a limit', async () => {
    const replica = await joinMesh();
    const demand = freshDemand([[1000, HOUR]]);
    let granted = 0;
    while (granted < 800) {
      if ((await replica.store.take([demand], performance.now() + 1000)).granted) granted += 1;
      if (granted % 10 === 0) expect((await used(demand)) - granted).toBeLessThanOrEqual(50);
    }
  });

  it('never holds more than 5 % of a limit in all leases of a counter that several keys charge', async () => {
    const replica = await joinMesh();
    const all = { ...freshDemand([[1000, HOUR]]), slot: 'api' };
    const keys = Array.from({ length: 20 }, () => ({ ...freshDemand([[1000, HOUR]]), slot: 'api' }));
    let granted = 0;
    let most = 0;
    for (let i = 0; i < 700; i += 20) {
      const takings = await Promise.all(
        keys.map(async (key) => replica.store.take([all, key], performance.now() + 1000)),
      );
      granted += takings.filter((taking) => taking.granted).length;
      most = Math.max(most, (await used(all)) - granted);
    }
    expect(most).toBeLessThanOrEqual(50);
  });

  it('is asked for hit by hit where windows are shorter than some trips', async () => {
    const replica = await joinMesh();
    await hit(replica, freshDemand([[100_000, 300]]), 200);
    expect(replica.seen.lease).toBe(0);
  });

  it('goes back when its replica stops', async () => {
    const replica = await joinMesh();
    const demand = freshDemand([[100_000, HOUR]]);
    const granted = await hit(replica, demand, 100);
    expect(await used(demand)).toBeGreaterThan(granted);
    await replica.store.close();
    expect(await used(demand)).toBe(granted);
  });

  it('goes back when nobody spends it', async () => {
    const replica = await joinMesh();
    const demand = freshDemand([[100_000, HOUR]]);
    const granted = await hit(replica, demand, 100);
    await expect.poll(() => used(demand), { timeout: 5000 }).toBe(granted);
  });

  it('goes back to the longer window when the shorter one ends', async () => {
    const replica = await joinMesh();
    const demand = freshDemand([
      [100_000, 600],
      [200_000, HOUR],
    ]);
    const granted = await hit(replica, demand, 250);
    await sleep(700);
    const long = `mesh:${demand.key}`;
    await expect.poll(async () => Number(await redis.cli('HGET', long, `u${HOUR}`)), { timeout: 2000 }).toBe(granted);
  });

  it('drops its lease when the limits change', async () => {
    const replica = await joinMesh();
    const demand = freshDemand([[100_000, HOUR]]);
    const granted = await hit(replica, demand, 100);
    const lowered = { ...demand, limits: [limit(granted, HOUR)] };
    expect((await replica.store.take([lowered], performance.now() + 1000)).granted).toBe(false);
  });

  it('is reset in the whole mesh within a second', async () => {
    const [one, other] = await Promise.all([joinMesh(), joinMesh()]);
    const demand = freshDemand([[1000, HOUR]]);
    await Promise.all([hit(one, demand, 200, 5), hit(other, demand, 200, 5)]);
    expect(await one.store.reset([demand], performance.now() + 1000)).toBe(1);
    await sleep(200);
    const granted = await Promise.all([hit(one, demand, 2000, 5), hit(other, demand, 2000, 5)]);
    expect(granted[0] + granted[1]).toBe(1000);
  });

  it('tells no replica a negative remainder, and both replicas falling ones', async () => {
    const replica = await joinMesh();
    const demand = freshDemand([[300, HOUR]]);
    let before = 300;
    for (let i = 0; i < 320; i++) {
      const taking = await replica.store.take([demand], performance.now() + 1000);
      const remaining = taking.windows[0]?.[0]?.remaining ?? -1;
      expect(remaining).toBe(taking.granted ? before - 1 : 0);
      before = remaining;
    }
  });

  it.each([-5000, 5000])('is the same where one replica has its clock %d ms off', async (offset) => {
    const wrong = { monotonic: () => performance.now() + 1e6, now: () => Date.now() + offset };
    const mesh = await Promise.all([joinMesh(), joinMesh(wrong)]);
    const demand = freshDemand([[500, HOUR]]);
    const granted = await Promise.all(
      mesh.map(async ({ store }, i) => {
        let count = 0;
        for (let n = 0; n < 400; n++) {
          const deadline = (i === 0 ? performance.now() : wrong.monotonic()) + 1000;
          if ((await store.take([demand], deadline)).granted) count += 1;
          if (n % 20 === 0) await sleep(2);
        }
        return count;
      }),
    );
    expect(granted.reduce((a, b) => a + b)).toBe(500);
  });
});
