import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { api, client, contract } from '../e2e/documents.ts';
import type { Document } from '../e2e/documents.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import type { Answer } from './check-client.ts';
import { metricOf, RealMesh } from './mesh.ts';
import { RedisView } from './redis-view.ts';
import { HOUR } from './scenario.ts';

// Documents and counters that are changed while every replica holds a lease: what was leased before is spent by
// nobody, and what is admitted in all is told to the unit.

const REPLICAS = 3;
const LIMIT = 2000;
const SECOND = 150;
/** `docs/configuration.md`, Reload. */
const IN_FORCE_WITHIN_MS = 2000;
const LEASE_PART = 0.05;

let redis: RealRedis;
let view: RedisView;
let mesh: RealMesh;
let admitted: number;
beforeEach(async () => {
  admitted = 0;
  redis = await startRedis();
  view = new RedisView(redis);
  mesh = new RealMesh(['--redis', redis.url, '--store-timeout', '2s'], documentsWith({}));
  await mesh.start(REPLICAS);
  await mesh.untilAcquainted();
});
afterEach(async () => {
  view.close();
  await mesh.stop();
  await redis.stop();
});

interface Change {
  readonly limit?: number;
  readonly tier?: 'gold' | 'bronze';
  readonly status?: 'approved' | 'revoked';
  readonly hasSecond?: boolean;
}

const BRONZE = 100;

function documentsWith({ limit = LIMIT, tier = 'gold', status = 'approved', hasSecond = false }: Change): Document[] {
  const tiers = [
    { name: 'gold', limits: [{ maximumRequests: limit, timePeriodInMilliseconds: HOUR }] },
    { name: 'bronze', limits: [{ maximumRequests: BRONZE, timePeriodInMilliseconds: HOUR }] },
  ];
  const sla = { policyRef: { name: 'rate-limiting-sla' }, config: { exposeHeaders: true } };
  const rateLimits = [{ maximumRequests: SECOND, timePeriodInMilliseconds: HOUR }];
  const second = { policyRef: { name: 'rate-limiting' }, config: { rateLimits } };
  const agreed = contract('shop', 'orders', tier);
  return [
    api('orders', { tiers, policies: hasSecond ? [sla, second] : [sla] }),
    client('shop'),
    { ...agreed, spec: { ...agreed.spec, status } },
  ];
}

async function check(index: number): Promise<Answer> {
  const answer = (await mesh.replicas[index]?.client.check('orders', 'shop', 1, 10_000)) as Answer;
  if (answer.outcome === 'allowed') admitted += 1;
  return answer;
}

/** Until every replica holds a lease, and a third of the quota is used. */
async function spend(): Promise<void> {
  const callers = Array.from({ length: 2 * REPLICAS }, async (_, i) => {
    while (admitted < LIMIT / 3) await check(i % REPLICAS);
  });
  await Promise.all(callers);
  expect(metricOf(await mesh.metrics(), 'ostiary_quota_leases_total')).toBeGreaterThanOrEqual(REPLICAS);
}

/** Everything that every replica still admits, until nothing comes back any more. Returns how much it is. */
async function spendAll(): Promise<number> {
  const before = admitted;
  const callers = mesh.replicas.map(async (_, i) => {
    for (let refusals = 0; refusals < 30;) {
      if ((await check(i)).outcome === 'allowed') refusals = 0;
      else refusals += 1;
      // Refusals are kept for a while, and leases of others that nobody spends go back after a second.
      if (refusals > 0) await sleep(60);
    }
  });
  await Promise.all(callers);
  return admitted - before;
}

async function change(to: Change): Promise<void> {
  const startedAt = performance.now();
  await mesh.adopt(documentsWith(to));
  expect(performance.now() - startedAt).toBeLessThan(IN_FORCE_WITHIN_MS);
}

const used = (): Promise<number> => view.used('shop-orders', HOUR);

describe('while replicas hold leases', () => {
  it('a limit that is lowered below what is used admits nothing more', async () => {
    await spend();
    await change({ limit: SECOND });
    expect(await spendAll()).toBe(0);
    expect(await used()).toBe(admitted);
  });

  it('a limit that is raised admits all of it, to the last unit, in the window that is open', async () => {
    await spend();
    await change({ limit: LIMIT + 500 });
    await spendAll();
    expect(admitted).toBe(LIMIT + 500);
  });

  it('a contract that gets a smaller tier admits nothing beyond that', async () => {
    await spend();
    await change({ tier: 'bronze' });
    expect(await spendAll()).toBe(0);
    await change({ tier: 'gold' });
    await spendAll();
    expect(admitted).toBe(LIMIT);
  });

  it('a contract that is revoked admits nothing, and approved again what was left', async () => {
    await spend();
    await change({ status: 'revoked' });
    for (let i = 0; i < REPLICAS; i++) expect((await check(i)).outcome).toBe('unauthorized');
    await expect.poll(used, { timeout: 8000 }).toBe(admitted);
    await change({ status: 'approved' });
    await spendAll();
    expect(admitted).toBe(LIMIT);
  });

  it('a second quota policy admits its limit, and the first one goes on counting', async () => {
    await spend();
    await change({ hasSecond: true });
    expect(await spendAll()).toBe(SECOND);
    expect(await used()).toBe(admitted);
  });

  it('counters that are reset admit the whole limit once more, and at most what was leased beside it', async () => {
    await spend();
    admitted = 0;
    const callers = mesh.replicas.map(async (_, i) => {
      for (let n = 0; n < 150; n++) await check(i);
    });
    expect(await mesh.reset('orders', 'shop')).toBe(1);
    await Promise.all(callers);
    const meanwhile = admitted;
    await spendAll();
    expect(admitted).toBeGreaterThanOrEqual(LIMIT);
    expect(admitted).toBeLessThanOrEqual(LIMIT + meanwhile + REPLICAS * LIMIT * LEASE_PART);
    // What leases of closed windows admit is charged to no window any more.
    expect(await used()).toBe(LIMIT);
  });

  it('a second after a reset no lease of the windows before is left', async () => {
    await spend();
    await mesh.reset('orders', 'shop');
    const before = admitted;
    // So often that no lease is given back as idle, and too seldom to spend one.
    const end = performance.now() + 1100;
    for (let i = 0; performance.now() < end; i++) {
      await check(i % REPLICAS);
      await sleep(60);
    }
    const meanwhile = admitted - before;
    const more = await spendAll();
    expect(more).toBeLessThanOrEqual(LIMIT);
    expect(meanwhile + more).toBeGreaterThanOrEqual(LIMIT);
    expect(await used()).toBe(LIMIT);
  });
});
