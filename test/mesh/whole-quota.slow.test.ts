import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { api, client, contract } from '../e2e/documents.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import type { Answer } from './check-client.ts';
import { RealMesh } from './mesh.ts';
import type { Replica } from './mesh.ts';

// Leases must not leave quota unused: what is admitted before a window ends, by real processes.

const LIMIT = 1000;
const WINDOW_MS = 10_000;
/** What answers come after is of no interest: the next window may have begun. */
const SPARE_MS = 1000;

const documents = [
  api('orders', {
    tiers: [{ name: 'gold', limits: [{ maximumRequests: LIMIT, timePeriodInMilliseconds: WINDOW_MS }] }],
    policies: [{ policyRef: { name: 'rate-limiting-sla' }, config: { quota: 'leased', exposeHeaders: true } }],
  }),
  client('shop'),
  contract('shop', 'orders', 'gold'),
];

let redis: RealRedis;
let mesh: RealMesh;
afterEach(async () => {
  await mesh?.stop();
  await redis?.stop();
});

async function start(replicas: number): Promise<void> {
  redis = await startRedis();
  mesh = new RealMesh(['--redis', redis.url, '--store-timeout', '500ms'], documents);
  await mesh.start(replicas);
  await mesh.untilAcquainted();
}

/** Units that are admitted in one window by callers who ask each replica as often as every other. */
async function admittedInOneWindow(pauseMs: number): Promise<number> {
  const first = await check(mesh.replicas[0] as Replica);
  const end = first.sentAt + WINDOW_MS - SPARE_MS;
  let admitted = Number(first.outcome === 'allowed');
  const callers = mesh.replicas.map(async (replica) => {
    while (performance.now() < end) {
      const { outcome } = await check(replica);
      if (outcome === 'allowed') admitted += 1;
      await sleep(pauseMs);
    }
  });
  await Promise.all(callers);
  return admitted;
}

function check({ client: caller }: Replica): Promise<Answer> {
  return caller.check('orders', 'shop', 1, 2000);
}

describe('the quota of a window', () => {
  it('is admitted by one busy replica to the last unit', async () => {
    await start(1);
    expect(await admittedInOneWindow(2)).toBe(LIMIT);
  });

  it('is admitted by ten evenly busy replicas to 99 % at least, and never above', async () => {
    await start(10);
    const admitted = await admittedInOneWindow(50);
    expect(admitted).toBeGreaterThanOrEqual(LIMIT * 0.99);
    expect(admitted).toBeLessThanOrEqual(LIMIT);
  });
});
