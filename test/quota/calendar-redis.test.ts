import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Limit } from '../../src/quota/limit.ts';
import type { RedisClient } from '../../src/redis/client.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { chargeDebtCall } from '../../src/script/lease-calls.ts';
import { takeCall } from '../../src/script/script-call.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freshDemand } from './behaviour.ts';

const HOUR = 3_600_000;
const PER_DAY: Limit = {
  maximumRequests: 3,
  timePeriodInMilliseconds: 86_400_000,
  calendar: { unit: 'day', timeZone: 'UTC' },
};

let redis: RealRedis;
let client: RedisClient;
beforeAll(async () => {
  redis = await startRedis();
  client = await connectRedis({ urls: [redis.url] }, () => performance.now());
  while (client.status !== 'ready') await sleep(5);
});
afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

/** One hit, by a replica whose clock says `nowMs`. */
async function take(demand: ReturnType<typeof calendarDemand>, nowMs: number): Promise<number[]> {
  const { script, keys, args } = takeCall(
    { text: '', tagged: false },
    [demand],
    [1],
    { want: 1, least: 1, need: 1, share: 1 },
    nowMs,
  );
  return (await client.eval(script.lua, keys.length, ...keys, ...args)) as number[];
}

function calendarDemand() {
  return { ...freshDemand([]), limits: [PER_DAY] };
}

describe('a calendar quota in Redis', () => {
  it("ends at the boundary by Redis's clock", async () => {
    const demand = calendarDemand();
    const [granted, , used, leftUs, endUs] = await take(demand, Date.now());
    const midnight = Math.ceil((Date.now() + 1) / 86_400_000) * 86_400_000;
    expect([granted, used, endUs]).toEqual([1, 1, midnight * 1000]);
    expect(leftUs).toBeGreaterThan((midnight - Date.now() - 1000) * 1000);
  });

  it.each([-5000, 5000])('is one window for replicas whose clock is %d ms off', async (offset) => {
    const demand = calendarDemand();
    const granted = [];
    for (let i = 0; i < 6; i++) granted.push((await take(demand, Date.now() + (i % 2) * offset))[0]);
    expect(granted).toEqual([1, 1, 1, 0, 0, 0]);
  });

  it('is no decision where a replica is more than two windows behind', async () => {
    await expect(take(calendarDemand(), Date.now() - 5 * 86_400_000)).rejects.toThrow('CALENDAR');
  });

  it.each([-6 * HOUR, 6 * HOUR])(
    'ends at the boundary too where a debt opened it, by a clock %d ms off',
    async (off) => {
      const demand = calendarDemand();
      const windows = [[{ units: 3, endMono: HOUR }]];
      const now = { mono: 0, wall: Date.now() + off };
      const { script, keys, args } = chargeDebtCall(
        { text: '', tagged: false },
        { name: 'd', demands: [demand], windows },
        now,
      );
      await client.eval(script.lua, keys.length, ...keys, ...args);
      const midnight = Math.ceil((Date.now() + 1) / 86_400_000) * 86_400_000;
      const [granted, , used, , endUs] = await take(demand, Date.now());
      expect([granted, used]).toEqual([0, 3]);
      expect([midnight * 1000, (midnight + 86_400_000) * 1000]).toContain(endUs);
    },
  );

  it('leaves no key without a time to live', async () => {
    const demand = calendarDemand();
    await take(demand, Date.now());
    expect(Number(await redis.cli('PTTL', demand.key))).toBeGreaterThan(0);
  });
});
