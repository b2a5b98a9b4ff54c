import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import { startRedis } from '../real/redis.ts';
import { decide, log, policies, query, token } from './killing.ts';

const postgresPart = await partOrSkip('postgres');
const redisPart = await partOrSkip('redis-server');
/** A replica is silent for a quarter of a minute, and its entries are waited for a minute. */
const PATIENCE = { timeout: 120_000, interval: 500 };

const isWhole = ({ decided, reported = 0, unknown = 0 }: Record<string, number>): boolean =>
  decided === 54 && reported + unknown === 54;

async function metricsOf({ adminUrl }: RealOstiary): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text();
}

/** The sum of a counter, which may have labels. */
async function valueOf(ostiary: RealOstiary, series: string): Promise<number> {
  const line = (await metricsOf(ostiary)).split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}

const stateOf = (ostiary: RealOstiary, state: string): Promise<number> =>
  valueOf(ostiary, `ostiary_analytics_decisions_total{state="${state}"}`);

test.skipIf(postgresPart === undefined)(
  'of replicas that share a history in PostgreSQL, one that is killed leaves its accounts to another, and one that only stood still takes them back',
  { concurrent: true },
  async ({ expect }) => {
    const postgres = await startPostgres();
    const running: RealOstiary[] = [];
    try {
      const url = await postgres.createDatabase();
      const start = async (): Promise<RealOstiary> => {
        const args = ['--api-token-file', token];
        const started = await startOstiary({ policies, args, env: { OSTIARY_ANALYTICS_DATABASE: url } });
        running.push(started);
        return started;
      };
      const [first, second] = [await start(), await start()];
      await log(first, await decide(first, 20));
      await expect.poll(() => query(first), PATIENCE).toMatchObject({ count: 20, decided: 20 });
      const later = await decide(first, 30);
      await log(first, later.slice(0, 10));
      // It is written down within a second.
      await sleep(2500);
      await first.kill();
      await expect.poll(() => second.output(), PATIENCE).toContain('gap in analytics');
      // What comes late, comes to who keeps the accounts now.
      await log(second, later.slice(10, 15));
      await log(second, await decide(second, 4));
      await expect.poll(() => query(second), PATIENCE).toSatisfy(isWhole);
      const before = await query(second);
      expect(before['count']).toBe(before['reported']);
      expect(before['unknown']).toBeGreaterThanOrEqual(15);
      expect(before['unknown']).toBeLessThanOrEqual(25);

      // Another one stands still for so long that it is taken for dead.
      const third = await start();
      const own = await decide(third, 6);
      await sleep(2500);
      third.pause();
      await expect.poll(() => valueOf(second, 'ostiary_analytics_gaps_total'), PATIENCE).toBeGreaterThanOrEqual(2);
      await expect.poll(async () => (await query(second))['decided'], PATIENCE).toBe(60);
      third.resume();
      await log(third, own);
      await expect
        .poll(() => query(second), PATIENCE)
        .toEqual({ ...before, count: before['count']! + 6, decided: 60, reported: before['reported']! + 6 });
      await sleep(21_000);
      expect(await query(second)).toMatchObject({ decided: 60, reported: before['reported']! + 6 });
    } finally {
      await Promise.all(running.map((each) => each.stop(20_000)));
      await postgres.stop();
    }
  },
);

test.skipIf(redisPart === undefined)(
  'of replicas that share a Redis, without any history, one that is killed leaves its accounts to another, which says what is missing',
  { concurrent: true },
  async ({ expect }) => {
    const redis = await startRedis();
    const running: RealOstiary[] = [];
    try {
      const start = async (): Promise<RealOstiary> => {
        const started = await startOstiary({ policies, args: ['--redis', redis.url] });
        running.push(started);
        return started;
      };
      const [first, second, third] = [await start(), await start(), await start()];
      const told = await decide(first, 12);
      await log(first, told.slice(0, 2));
      await sleep(2500);
      await first.kill();
      const others = [second, third];
      const gaps = (): Promise<number[]> =>
        Promise.all(others.map((each) => valueOf(each, 'ostiary_analytics_gaps_total')));
      await expect.poll(async () => new Set(await gaps()), PATIENCE).toEqual(new Set([0, 1]));
      const heir = others[(await gaps()).indexOf(1)]!;
      const other = others[(await gaps()).indexOf(0)]!;
      expect(heir.output()).toContain('gap in analytics');
      // What comes late counts, wherever it comes.
      await log(other, told.slice(2, 5));
      await expect.poll(() => stateOf(heir, 'unknown'), PATIENCE).toBeGreaterThanOrEqual(7);
      await expect.poll(() => stateOf(heir, 'reported'), PATIENCE).toBe(3);
      expect(await valueOf(other, 'ostiary_access_log_entries_total{protocol="http",result="counted"}')).toBe(3);
    } finally {
      await Promise.all(running.map((each) => each.stop(20_000)));
      await redis.stop();
    }
  },
);
