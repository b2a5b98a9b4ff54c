import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { noCounterMetrics } from '../../src/quota/counter-metrics.ts';
import type { CounterStore, Demand } from '../../src/quota/store.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freshDemand, limit, untilAvailable } from './behaviour.ts';

// A refusal is kept until it can change: by a reset, by changed limits, by the window's end, and where leases
// are in use by units that come back.

const HOUR = 3_600_000;
let redis: RealRedis;
const open: CounterStore[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(() => Promise.all(open.splice(0).map((store) => store.close())));
afterAll(() => redis.stop());

type Quota = 'exact' | 'leased';

async function join(quota: Quota) {
  const asked = { take: 0 };
  const metrics = {
    ...noCounterMetrics,
    storeCall: (script: string) => {
      if (script === 'take') asked.take += 1;
    },
  };
  const options = { storeTimeoutMs: 1000, quota, redis: { urls: [redis.url], prefix: 'r:' } } as const;
  const store = createCounterStore(options, { clock: systemClock, metrics });
  open.push(store);
  await untilAvailable(store);
  await untilHeard(open.length);
  return { store, asked };
}

/** Waits until so many replicas have subscribed, and have asked once whether they still are. */
async function untilHeard(replicas: number): Promise<void> {
  await expect.poll(() => redis.cli('PUBSUB', 'NUMSUB', 'r:resets')).toContain(`\n${replicas}`);
  await sleep(400);
}

const take = async (store: CounterStore, demand: Demand) => store.take([demand], performance.now() + 2000);

async function spend(store: CounterStore, demand: Demand): Promise<number> {
  let granted = 0;
  while ((await take(store, demand)).granted) granted += demand.cost;
  return granted;
}

/** Asks for more for some time, as fast as it is answered; returns how often it was refused. */
async function hammer(store: CounterStore, demand: Demand, times: number, forMs: number): Promise<number> {
  const end = performance.now() + forMs;
  let refused = 0;
  while (refused < times || performance.now() < end) {
    for (let i = 0; i < 1000; i++) if (!(await take(store, demand)).granted) refused += 1;
    await sleep(1);
  }
  return refused;
}

describe.each(['exact', 'leased'] as const)('a refusal of an quota, %s,', (quota) => {
  it('costs a client that goes on asking a handful of calls', async () => {
    const { store, asked } = await join(quota);
    const demand = freshDemand([[40, HOUR]]);
    expect(await spend(store, demand)).toBe(40);
    const before = asked.take;
    expect(await hammer(store, demand, 100_000, 5000)).toBeGreaterThanOrEqual(100_000);
    expect(asked.take - before).toBeLessThanOrEqual(2);
  }, 60_000);

  it('is for the cost that does not fit: a smaller one is asked for', async () => {
    const { store } = await join(quota);
    const demand = freshDemand([[10, HOUR]], 7);
    expect((await take(store, demand)).granted).toBe(true);
    expect((await take(store, demand)).granted).toBe(false);
    expect((await take(store, { ...demand, cost: 4 })).granted).toBe(false);
    expect((await take(store, { ...demand, cost: 3 })).granted).toBe(true);
  });

  it('ends with a reset by another replica', async () => {
    const [one, other] = [await join(quota), await join(quota)];
    const demand = freshDemand([[5, HOUR]]);
    await spend(one.store, demand);
    await sleep(1200);
    expect((await take(one.store, demand)).granted).toBe(false);
    await other.store.reset([demand], performance.now() + 2000);
    await expect.poll(async () => (await take(one.store, demand)).granted, { timeout: 1000 }).toBe(true);
  });

  it('ends with a higher limit, and with its window', async () => {
    const { store } = await join(quota);
    const demand = freshDemand([[5, 900]]);
    await spend(store, demand);
    const raised = { ...demand, limits: [limit(6, 900)] };
    expect((await take(store, raised)).granted).toBe(true);
    expect((await take(store, raised)).granted).toBe(false);
    await expect.poll(async () => (await take(store, raised)).granted, { timeout: 2000 }).toBe(true);
  });

  it('is looked at again where nobody says that the subscription is there', async () => {
    const { store } = await join(quota);
    const demand = freshDemand([[5, HOUR]]);
    await spend(store, demand);
    await redis.cli('ACL', 'SETUSER', 'default', '-ping');
    try {
      await sleep(1500);
      await redis.cli('DEL', `r:${demand.key}`);
      await expect.poll(async () => (await take(store, demand)).granted, { timeout: 2000 }).toBe(true);
    } finally {
      await redis.cli('ACL', 'SETUSER', 'default', '+ping');
    }
  });
});

describe('units that come back', () => {
  it('are offered at once to replicas that have refused', async () => {
    const [holder, refusing] = [await join('leased'), await join('leased')];
    const demand = freshDemand([[1000, HOUR]]);
    const hits = async () => {
      await Promise.all(Array.from({ length: 20 }, async () => take(holder.store, demand)));
    };
    // The holder is busy and leases ahead; the other takes what is left.
    for (let i = 0; i < 20; i++) await hits();
    let granted = 400;
    const taken = await spend(refusing.store, demand);
    granted += taken;
    expect(granted).toBeLessThan(1000);
    await sleep(300);
    expect((await take(refusing.store, demand)).granted).toBe(false);
    const asked = refusing.asked.take;
    for (let i = 0; i < 1000; i++) await take(refusing.store, demand);
    expect(refusing.asked.take - asked).toBe(0);
    open.splice(open.indexOf(holder.store), 1);
    await holder.store.close();
    await expect
      .poll(() => spend(refusing.store, demand).then((more) => (granted += more)), { timeout: 1000 })
      .toBe(1000);
  });
});
