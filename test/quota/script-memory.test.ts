import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { ScriptMemory } from '../../src/memory/script-memory.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { Demand } from '../../src/quota/store.ts';
import { chargeDebtCall, giveBackCall } from '../../src/script/lease-calls.ts';
import { keyOf, readTake, takeCall, UNTAGGED } from '../../src/script/script-call.ts';
import type { ScriptCall, TakeReply } from '../../src/script/script-call.ts';
import { RESET } from '../../src/script/scripts.ts';
import { Random } from '../http2/random.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { chosenDemand, freshDemand } from './behaviour.ts';

const HOUR = 3_600_000;
const PREFIX = { text: 'p:', tagged: false };
const DAY: Demand['limits'] = [
  { maximumRequests: 25, timePeriodInMilliseconds: 86_400_000, calendar: { unit: 'day', timeZone: 'Europe/Berlin' } },
];

let server: RealRedis;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const inRedis = async ({ script, keys, args }: ScriptCall): Promise<number[]> =>
  (await client.eval(script.lua, keys.length, ...keys, ...args)) as number[];

/** All but the moments, which differ from clock to clock. */
const amounts = ({ charged, windows }: TakeReply): unknown => ({
  charged,
  windows: windows.map((list) => list.map(({ used, leftUs }) => [used, leftUs < 0])),
});

describe('scripts on counters in memory', () => {
  it('do what they do in Redis, whatever comes after what', { timeout: 60_000 }, async () => {
    const seed = Number(process.env['SEED'] ?? Date.now());
    const random = new Random(seed);
    const memory = new ScriptMemory(systemClock);
    const inMemory = ({ script, keys, args }: ScriptCall): number[] => memory.run(script.name, keys, args);
    const counters = [
      freshDemand([[40, HOUR]]),
      freshDemand([
        [30, HOUR],
        [90, 2 * HOUR],
        [60, HOUR],
      ]),
      { ...freshDemand([]), limits: DAY },
    ].map(({ key, limits, cost }) => ({ key, limits, cost, slot: 'one' }));
    const grants: { demands: readonly Demand[]; replies: [TakeReply, TakeReply] }[] = [];
    const debts: [ScriptCall, ScriptCall][] = [];
    for (let step = 0; step < 1500; step++) {
      const demands = counters.filter(() => random.integer(2) === 0);
      if (demands.length === 0) continue;
      const how = random.integer(20);
      if (how < 13) {
        const wish = {
          want: random.integer(8),
          least: 1 + random.integer(3),
          need: random.integer(4),
          share: random.pick([1, 2, 8]),
        };
        const call = takeCall(
          PREFIX,
          demands,
          demands.map(() => 1 + random.integer(3)),
          wish,
          Date.now(),
        );
        const replies: [TakeReply, TakeReply] = [
          readTake(demands, await inRedis(call)),
          readTake(demands, inMemory(call)),
        ];
        expect(amounts(replies[1]), `seed ${seed} step ${step}`).toEqual(amounts(replies[0]));
        grants.push({ demands, replies });
      } else if (how < 17 && grants.length > 0) {
        // Of old grants too, whose windows a reset has closed.
        const { demands: back, replies } = random.pick(grants.slice(-5));
        const units = 1 + random.integer(5);
        const [there, here] = replies.map((reply) =>
          giveBackCall(PREFIX, back, { ...reply, units, asked: { mono: 0, wall: 0 } }),
        ) as [ScriptCall, ScriptCall];
        expect(inMemory(here), `seed ${seed} step ${step}`).toEqual(await inRedis(there));
      } else if (how < 18) {
        const windows = demands.map(({ limits }) => limits.map(() => ({ units: random.integer(4), endMono: HOUR })));
        const debt = chargeDebtCall(PREFIX, { name: `debt ${step}`, demands, windows }, { mono: 0, wall: Date.now() });
        debts.push([debt, debt]);
        expect(inMemory(debt), `seed ${seed} step ${step}`).toEqual(await inRedis(debt));
      } else if (how < 19 && debts.length > 0) {
        const [again] = random.pick(debts.slice(-3));
        expect(inMemory(again), `seed ${seed} step ${step}`).toEqual(await inRedis(again));
      } else {
        const call = { script: RESET, keys: [keyOf(PREFIX, demands[0]!)], args: [] };
        const [there, here] = [await inRedis(call), inMemory(call)];
        expect(here[0], `seed ${seed} step ${step}`).toBe(there[0]);
        expect((here[1] ?? 0) > 0).toBe((there[1] ?? 0) > 0);
      }
    }
    const all = counters.map((demand) =>
      takeCall(PREFIX, [demand], [1], { want: 0, least: 1, need: 0, share: 1 }, Date.now()),
    );
    for (const [i, call] of all.entries()) {
      expect(amounts(readTake([counters[i]!], inMemory(call)))).toEqual(
        amounts(readTake([counters[i]!], await inRedis(call))),
      );
    }
  });

  it('open a new window when the old one has ended', () => {
    const { clock, take } = countersOf(100);
    const demand = freshDemand([[2, 100]]);
    expect([take(demand), take(demand), take(demand)]).toEqual([1, 1, 0]);
    clock.mono += 99;
    expect(take(demand)).toBe(0);
    clock.mono += 1;
    expect(take(demand)).toBe(1);
  });

  it('forget what has ended', () => {
    const { clock, memory, take } = countersOf(100);
    for (let i = 0; i < 50; i++) expect(take(chosenDemand('rl', 100))).toBe(1);
    expect(() => take(chosenDemand('rl', 100))).toThrow(StoreUnavailable);
    clock.mono += 2000;
    for (let i = 0; i < 300; i++, clock.mono += 10) expect(take(chosenDemand('rl', 100))).toBe(1);
    expect(memory.size).toBeLessThanOrEqual(50);
  });

  it('keep a calendar window until it ends on the wall clock, also where that was set back', () => {
    const { clock, take } = countersOf(100);
    const limits: Demand['limits'] = [
      { maximumRequests: 1, timePeriodInMilliseconds: 60_000, calendar: { unit: 'minute', timeZone: 'UTC' } },
    ];
    const demand = { ...freshDemand([]), limits };
    clock.wall += 30_000;
    expect(take(demand)).toBe(1);
    clock.mono += 31_000;
    clock.wall += 21_000;
    for (let i = 0; i < 6; i++) take(freshDemand([[1, 1000]]));
    expect(take(demand)).toBe(0);
  });

  it('leave room for the others where callers choose keys under one policy', () => {
    const { take } = countersOf(80);
    for (const [policy, most] of [
      ['rl', 40],
      ['shadow:rl', 8],
      ['other', 16],
    ] as const) {
      for (let i = 0; i < most; i++) expect(take(chosenDemand(policy, 100))).toBe(1);
      expect(() => take(chosenDemand(policy, 100))).toThrow(StoreUnavailable);
    }
    for (let i = 0; i < 100; i++) expect(take(freshDemand([[1, 100]]))).toBe(1);
  });
});

function countersOf(maxCounters: number) {
  const clock = { mono: 1000, wall: Date.UTC(2026, 0, 1, 12), monotonic: () => clock.mono, now: () => clock.wall };
  const memory = new ScriptMemory(clock, maxCounters);
  const wish = { want: 1, least: 1, need: 1, share: 1 };
  const take = (demand: Demand): number => {
    const { script, keys, args, keyspaces } = takeCall(UNTAGGED, [demand], [1], wish, clock.wall);
    return memory.run(script.name, keys, args, keyspaces)[0] ?? 0;
  };
  return { clock, memory, take };
}
