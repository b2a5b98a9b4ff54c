import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { CounterStore, Demand } from '../../src/quota/store.ts';
import type { CounterOptions, RedisOptions } from '../../src/redis/counter-options.ts';
import type { Finding } from '../../src/redis/server-info.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedisCluster } from '../mesh/redis-cluster.ts';
import { partOrSkip } from '../real/parts.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis, RedisServer } from '../real/redis.ts';
import { behavesAsCounterStore, freshDemand, untilAvailable } from './behaviour.ts';

// The same promises on every kind of server that the counters may be in. The machine's own Redis, whatever its
// version, is what all other tests run on.

interface Version {
  readonly server: RedisServer;
  readonly name: RegExp;
}

const VERSIONS: readonly Version[] = [
  { server: 'redis-server-6.0', name: /^Redis 6\.0\.16$/ },
  { server: 'redis-server-6.2', name: /^Redis 6\.2\.14$/ },
  { server: 'redis-server', name: /^Redis \d+\.\d+\.\d+$/ },
  { server: 'redis-server-8', name: /^Redis 8\.2\.3$/ },
  { server: 'valkey-server-8', name: /^Valkey 8\.1\.8$/ },
  { server: 'valkey-server-9', name: /^Valkey 9\.1\.2$/ },
];
const HOUR = 3_600_000;

const had = new Set<RedisServer>();
for (const server of [...VERSIONS.map(({ server: each }) => each), 'redis-server-5'] as const) {
  if ((await partOrSkip(server)) !== undefined) had.add(server);
}

const stores: CounterStore[] = [];
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});

async function join(
  redis: RedisOptions,
  quota: 'exact' | 'leased' = 'leased',
  findings: Finding[] = [],
  more: Partial<CounterOptions> = {},
): Promise<CounterStore> {
  const report = (finding: Finding): void => void findings.push(finding);
  const store = createCounterStore({ quota, storeTimeoutMs: 1000, redis, ...more }, { clock: systemClock, report });
  stores.push(store);
  return untilAvailable(store);
}

const take = async (store: CounterStore, demand: Demand) => store.take([demand], performance.now() + 5000);

/** Hits for a while, some at once; returns how many were granted. */
async function hit(store: CounterStore, demand: Demand, times: number): Promise<number> {
  let granted = 0;
  for (let i = 0; i < times; i += 10) {
    const takings = await Promise.all(Array.from({ length: 10 }, () => take(store, demand)));
    granted += takings.filter((taking) => taking.granted).length;
    await sleep(1);
  }
  return granted;
}

describe.each(VERSIONS.filter(({ server }) => had.has(server)))('on $server', ({ server, name }) => {
  let redis: RealRedis;
  let url: RedisOptions;
  beforeAll(async () => {
    redis = await startRedis({ server });
    url = { urls: [redis.url] };
  });
  afterAll(async () => {
    const endless = await keysWithoutEnd(redis);
    await redis.stop();
    expect(endless).toEqual([]);
  });
  const used = async (demand: Demand, window: number): Promise<number> =>
    Number(await redis.cli('HGET', `ostiary:${demand.key}`, `u${window}`));

  behavesAsCounterStore('exact counting', () => untilAvailable(createCounterStore(optionsOf('exact'), ports)));
  behavesAsCounterStore('leased counting', () => untilAvailable(createCounterStore(optionsOf('leased'), ports)));
  const ports = { clock: systemClock };
  const optionsOf = (quota: 'exact' | 'leased') => ({ quota, storeTimeoutMs: 1000, redis: url });

  it('two replicas admit a leased quota of two windows to the last unit, and not one more', async () => {
    const demand = freshDemand([
      [900, HOUR],
      [5000, 24 * HOUR],
    ]);
    const replicas = [await join(url), await join(url)];
    const granted = await Promise.all(replicas.map((store) => hit(store, demand, 1500)));
    expect(granted[0] ?? 0).toBeGreaterThan(0);
    expect(granted.reduce((a, b) => a + b)).toBe(900);
    expect(await used(demand, 24 * HOUR)).toBe(900);
  });

  it('what a replica has not spent goes back when it stops', async () => {
    const demand = freshDemand([[100_000, HOUR]]);
    const store = await join(url);
    const granted = await hit(store, demand, 500);
    expect(await used(demand, HOUR)).toBeGreaterThan(granted);
    await store.close();
    expect(await used(demand, HOUR)).toBe(granted);
  });

  it('a reset is heard by the other replica', async () => {
    const demand = freshDemand([[2000, HOUR]]);
    const [one, other] = [await join(url), await join(url)];
    await Promise.all([hit(one, demand, 400), hit(other, demand, 400)]);
    expect(await one.reset([demand], performance.now() + 1000)).toBe(1);
    await expect.poll(() => used(demand, HOUR), { timeout: 3000 }).toBe(0);
    await sleep(300);
    const granted = await Promise.all([hit(one, demand, 2500), hit(other, demand, 2500)]);
    expect(granted.reduce((a, b) => a + b)).toBe(2000);
  });

  it('flushed scripts cost no unit and no decision', async () => {
    for (const quota of ['exact', 'leased'] as const) {
      const demand = freshDemand([[300, HOUR]]);
      const store = await join(url, quota);
      let granted = 0;
      for (let i = 0; i < 15; i += 1) {
        await redis.cli('SCRIPT', 'FLUSH');
        granted += await hit(store, demand, 30);
      }
      expect(granted).toBe(300);
    }
  });

  it('what was admitted while it was away is charged once', async () => {
    const redisAlone = await startRedis({ server });
    try {
      const terms = { scope: 'mesh', onStoreFailure: 'local' } as const;
      const demand = { ...freshDemand([[100, HOUR]]), terms };
      const store = await join({ urls: [redisAlone.url] }, 'exact', [], { storeTimeoutMs: 300 });
      expect(await hit(store, demand, 10)).toBe(10);
      redisAlone.pause();
      const without = await hit(store, demand, 20);
      redisAlone.resume();
      const key = `ostiary:${demand.key}`;
      const charged = async () => Number(await redisAlone.cli('HGET', key, `u${HOUR}`));
      // A call that was late may have been charged too: too little is admitted, never too much.
      await expect.poll(charged, { timeout: 5000 }).toBeGreaterThanOrEqual(10 + without);
      expect(without).toBeGreaterThan(0);
      expect(Number(await redisAlone.cli('PTTL', key))).toBeGreaterThan(0);
    } finally {
      await redisAlone.stop();
    }
  });

  it('the start checks are content with it, and name it where it evicts counters', async () => {
    const content: Finding[] = [];
    await take(await join(url, 'exact', content), freshDemand([[1, 1000]]));
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
    const findings: Finding[] = [];
    await join(url, 'exact', findings);
    await expect.poll(() => findings.map(({ level }) => level), { timeout: 5000 }).toEqual(['warn']);
    expect(findings[0]?.message.split(' would evict')[0]).toMatch(name);
    expect(content).toEqual([]);
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  });

  it('a user with just the rights that the start check names can do everything', async () => {
    await redis.cli('ACL', 'SETUSER', 'poor', 'on', '>p', '+ping');
    const findings: Finding[] = [];
    await join({ ...url, username: 'poor', password: 'p' }, 'exact', findings);
    await expect.poll(() => findings.find(({ level }) => level === 'error')?.message, { timeout: 5000 }).toBeDefined();
    const text = findings.find(({ level }) => level === 'error')?.message ?? '';
    // Redis 6.0 has no rights to channels.
    const rights = text
      .slice(text.indexOf('needs ') + 'needs '.length)
      .split(' ')
      .filter((right) => server !== 'redis-server-6.0' || !/^(resetchannels|&.*)$/.test(right));
    await redis.cli('ACL', 'SETUSER', 'rich', 'reset', 'on', '>p', ...rights);
    await redis.cli('ACL', 'LOG', 'RESET');
    const told: Finding[] = [];
    const store = await join({ ...url, username: 'rich', password: 'p' }, 'leased', told);
    const demand = freshDemand([[50, HOUR]]);
    expect(await hit(store, demand, 100)).toBe(50);
    expect(await store.reset([demand], performance.now() + 1000)).toBe(1);
    await store.close();
    expect(told).toEqual([]);
    expect(await redis.cli('ACL', 'LOG')).toBe('');
  });
});

describe.skipIf(!had.has('redis-server-5'))('on redis-server-5', () => {
  it('the start checks say that it is too old', async () => {
    const redis = await startRedis({ server: 'redis-server-5' });
    try {
      const findings: Finding[] = [];
      await join({ urls: [redis.url] }, 'exact', findings);
      await expect.poll(() => findings.map(({ level }) => level), { timeout: 5000 }).toEqual(['error']);
      expect(findings[0]?.message).toContain('this is Redis 5.0.6, and Redis 6 or newer or Valkey is needed');
    } finally {
      await redis.stop();
    }
  });
});

describe.skipIf(!had.has('valkey-server-9'))('on a Cluster of valkey-server-9', () => {
  it('two replicas admit each quota to the last unit, and the start checks are content', async () => {
    const cluster = await startRedisCluster('valkey-server-9');
    try {
      const redis = { urls: cluster.urls.split(','), cluster: true };
      const findings: Finding[] = [];
      const replicas = [await join(redis, 'leased', findings), await join(redis, 'leased', findings)];
      for (let i = 0; i < 6; i += 1) {
        const demand = freshDemand([
          [200, HOUR],
          [1000, 24 * HOUR],
        ]);
        const granted = await Promise.all(replicas.map((store) => hit(store, demand, 300)));
        expect(granted.reduce((a, b) => a + b)).toBe(200);
      }
      for (const node of cluster.nodes) expect(await keysWithoutEnd(node)).toEqual([]);
      expect(findings).toEqual([]);
    } finally {
      await Promise.all(stores.splice(0).map((store) => store.close()));
      await cluster.stop();
    }
  });
});

async function keysWithoutEnd(redis: RealRedis): Promise<string[]> {
  const keys = (await redis.cli('KEYS', '*')).split('\n').filter((key) => key !== '');
  const found = [];
  for (const key of keys) if ((await redis.cli('PTTL', key)) === '-1') found.push(key);
  return found;
}
