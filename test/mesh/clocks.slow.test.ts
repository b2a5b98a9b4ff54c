import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api, client, contract, documentsFolder } from '../e2e/documents.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { CheckClient } from './check-client.ts';
import type { Answer } from './check-client.ts';
import { wallClock } from './clocks.ts';
import type { WallClock } from './clocks.ts';
import { seededRandom } from './random.ts';

// One replica's clock is right, one is 5 s ahead, one 5 s behind, and one jumps forth and back all the time.
// Redis and this process have the machine's clock. OSTIARY_CLOCKS_SECONDS makes it longer.

const seconds = Number(process.env['OSTIARY_CLOCKS_SECONDS'] ?? 36);
const seed = Number(process.env['OSTIARY_MESH_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const HOUR = 3_600_000;
const MINUTE = 60_000;

interface Tier {
  readonly name: string;
  readonly limits: readonly object[];
  /** How the answers of one window are told apart. */
  readonly windows: 'by the end they name' | 'by the minute' | 'one for all';
  /** Of the windows that are judged. */
  readonly maximum: number;
  readonly windowMs: number;
}

const sliding = (maximumRequests: number, timePeriodInMilliseconds: number) => ({
  maximumRequests,
  timePeriodInMilliseconds,
});

const burst = sliding(80, 1000);
const hour = sliding(1500, HOUR);
const EACH_MINUTE = { maximumRequests: 400, calendar: 'minute', timeZone: 'Asia/Kolkata' };

const tiers: readonly Tier[] = [
  { name: 'second', limits: [sliding(60, 1000)], windows: 'by the end they name', maximum: 60, windowMs: 1000 },
  { name: 'three', limits: [sliding(100, 3000)], windows: 'by the end they name', maximum: 100, windowMs: 3000 },
  { name: 'hour', limits: [hour], windows: 'one for all', maximum: 1500, windowMs: HOUR },
  { name: 'both', limits: [burst, hour], windows: 'one for all', maximum: 1500, windowMs: HOUR },
  { name: 'minute', limits: [EACH_MINUTE], windows: 'by the minute', maximum: 400, windowMs: MINUTE },
];
const QUOTAS = ['leased', 'exact'] as const;
const driven = QUOTAS.flatMap((quota) => tiers.map((tier) => ({ quota, tier, answers: [] as Answer[] })));

const sla = (config: object) => ({
  policyRef: { name: 'rate-limiting-sla' },
  config: { cost: "#[attributes.headers['x-cost']]", maxCost: 5, exposeHeaders: true, ...config },
});

const hasParts = (await partOrSkip('libfaketime')) !== undefined && (await partOrSkip('redis-server')) !== undefined;

describe.skipIf(!hasParts)(`replicas whose clocks are wrong, for ${seconds} s (OSTIARY_MESH_SEED=${seed})`, () => {
  let redis: RealRedis;
  let jumping: WallClock;
  const replicas: { process: RealOstiary; client: CheckClient }[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    const documents = [
      ...QUOTAS.map((quota) => api(quota, { tiers: tiers.map(documentOf), policies: [sla({ quota })] })),
      ...tiers.map(({ name }) => client(name)),
      ...QUOTAS.flatMap((quota) => tiers.map(({ name }) => contract(name, quota, name))),
    ];
    const policies = documentsFolder(documents);
    const clocks = await Promise.all([0, 5, -5, 0].map(wallClock));
    jumping = clocks.at(-1) as WallClock;
    const args = ['--redis', redis.url, '--store-timeout', '300ms', '--quiet', '--log-level', 'error'];
    for (const { env } of clocks) {
      const process = await startOstiary({ policies, args, env });
      replicas.push({ process, client: new CheckClient(process.listen) });
    }
  });
  afterAll(async () => {
    for (const { process, client: check } of replicas) {
      check.close();
      await process.stop();
    }
    await redis.stop();
  });

  it('admit no more than their limits in any window', { timeout: (seconds + 120) * 1000 }, async () => {
    const offsetMs = Date.now() - performance.now();
    const end = performance.now() + seconds * 1000;
    let jumps = 0;
    const jump = async (): Promise<void> => {
      const random = seededRandom(seed);
      for (const offset of endlessly([5, 0, -5, 0, 5, -5])) {
        if (performance.now() > end) return;
        jumping.set(offset);
        jumps += 1;
        await sleep(random.integer(300, 1500));
      }
    };
    const drive = async (random: ReturnType<typeof seededRandom>): Promise<void> => {
      while (performance.now() < end) {
        const { quota, tier, answers } = random.pick(driven);
        const { client: check } = random.pick(replicas);
        answers.push(await check.check(quota, tier.name, random.pick([1, 1, 2, 3]), 1000));
      }
    };
    await Promise.all([jump(), ...Array.from({ length: 8 }, (_, i) => drive(seededRandom(seed + 1 + i)))]);

    expect(jumps).toBeGreaterThan(seconds / 2);
    for (const { quota, tier, answers } of driven) {
      const name = `${tier.name}, ${quota}`;
      const allowed = answers.filter(({ outcome }) => outcome === 'allowed');
      const most = mostInAWindow(tier, allowed, offsetMs);
      const counts = new Map(
        Map.groupBy(answers, ({ outcome }) => outcome)
          .entries()
          .map(sized),
      );
      console.log(JSON.stringify({ name, most, admitted: unitsOf(allowed), ...Object.fromEntries(counts) }));
      expect(most, name).toBeLessThanOrEqual(tier.maximum);
      // Windows from the first hit begin at least their length apart; those of the calendar may be cut at both ends.
      const windows = Math.floor((seconds * 1000 + 1000) / tier.windowMs) + (tier.windows === 'by the minute' ? 2 : 1);
      expect(unitsOf(allowed), name).toBeLessThanOrEqual(tier.maximum * windows);
      // It proves nothing unless the quota was used up.
      expect(counts.get('refused') ?? 0, name).toBeGreaterThan(0);
      expect(most, name).toBeGreaterThan(tier.maximum * 0.8);
      const strange = [...counts.keys()].filter((outcome) => !['allowed', 'refused', 'unavailable'].includes(outcome));
      expect(strange, name).toEqual([]);
      // On a busy machine an answer of Redis may be late.
      expect(counts.get('unavailable') ?? 0, name).toBeLessThan(answers.length * 0.02);
    }
    for (const { process } of replicas) expect(process.exitCode()).toBeUndefined();
  });
});

/** By the answers alone, and the true time. */
function mostInAWindow({ windows }: Tier, allowed: readonly Answer[], offsetMs: number): number {
  if (windows === 'one for all') return unitsOf(allowed);
  return windows === 'by the minute' ? mostInAMinute(allowed, offsetMs) : mostToOneEnd(allowed);
}

/** The most units in one calendar minute, of answers that belong to it without doubt. */
function mostInAMinute(allowed: readonly Answer[], offsetMs: number): number {
  const minuteOf = (at: number): number => Math.floor((at + offsetMs) / MINUTE);
  const sure = allowed.filter(({ sentAt, answeredAt }) => minuteOf(sentAt - 5) === minuteOf(answeredAt + 5));
  return Math.max(
    0,
    ...Map.groupBy(sure, ({ answeredAt }) => minuteOf(answeredAt))
      .values()
      .map(unitsOf),
  );
}

/** The most units in one window, told apart by the end that each answer names. Slow answers name it badly. */
function mostToOneEnd(allowed: readonly Answer[]): number {
  const ends = allowed
    .filter(({ sentAt, answeredAt }) => answeredAt - sentAt < 150)
    .map(({ answeredAt, resetMs, cost }) => ({ end: answeredAt + resetMs, cost }))
    .toSorted((a, b) => a.end - b.end);
  let most = 0;
  let first = -Infinity;
  let units = 0;
  for (const { end, cost } of ends) {
    if (end - first > 300) [first, units] = [end, 0];
    units += cost;
    most = Math.max(most, units);
  }
  return most;
}

function unitsOf(answers: readonly Answer[]): number {
  return answers.reduce((sum, { cost }) => sum + cost, 0);
}

function sized([outcome, list]: [string, readonly unknown[]]): [string, number] {
  return [outcome, list.length];
}

function documentOf({ name, limits }: Tier): object {
  return { name, limits };
}

function* endlessly<Value>(list: readonly Value[]): Generator<Value> {
  for (;;) yield* list;
}
