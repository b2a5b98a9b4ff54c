import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/decision/decision.ts';
import { decide } from '../../src/decision/pipeline.ts';
import { reasons } from '../../src/denial/reasons.ts';
import { publicAnswer } from '../../src/envoy/answer.ts';
import { LeasingCounterStore } from '../../src/lease/leasing-store.ts';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import { ScriptMemory } from '../../src/memory/script-memory.ts';
import type { Charge } from '../../src/policy/policy.ts';
import { CALENDAR_MS } from '../../src/quota/calendar.ts';
import { noCounterMetrics } from '../../src/quota/counter-metrics.ts';
import { rateHeaders } from '../../src/quota/rate-headers.ts';
import type { CounterStore, WindowState } from '../../src/quota/store.ts';
import { UNTAGGED } from '../../src/script/script-call.ts';
import type { ScriptCall, ScriptLink } from '../../src/script/script-call.ts';
import { apiOf, bound, checkOf, portsOf, quota, snapshotOf } from '../policy/fixtures.ts';

// What callers are told of their quota, over every way in which it is decided: whatever the limits, costs and
// times, the headers agree with each other, and a retry at the moment told is not refused by what was told of.

const START = Date.UTC(2026, 0, 31, 23, 59);

class Clock {
  ms = 1000;
  readonly now = () => START + this.ms;
  readonly monotonic = () => this.ms;
}

class Link implements ScriptLink {
  available = true;
  readonly trouble = 'away';
  /** How long an answer is on its way back. */
  tripMs = 0;
  readonly #clock: Clock;
  readonly #memory: ScriptMemory;
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#memory = new ScriptMemory(clock);
  }
  async run({ script, keys, args }: ScriptCall) {
    const reply = this.#memory.run(script.name, keys, args);
    this.#clock.ms += this.tripMs;
    return reply;
  }
}

interface Way {
  /** One a replica; they decide in turn. */
  readonly stores: readonly CounterStore[];
  readonly link?: Link;
}

const ways: Record<string, (clock: Clock) => Way> = {
  memory: (clock) => ({ stores: [new MemoryCounterStore(clock)] }),
  exact: (clock) => redisLike(clock, 'exact'),
  leased: (clock) => redisLike(clock, 'leased'),
};

function redisLike(clock: Clock, mode: 'exact' | 'leased'): Way {
  const link = new Link(clock);
  const ports = {
    clock,
    metrics: noCounterMetrics,
    link,
    replicas: () => 2,
    announceReset: async () => {},
    news: { heardUntil: () => clock.ms, unitsCameBack: () => {} },
    randomName: () => crypto.randomUUID(),
    health: () => ({ kind: 'memory' as const, available: true, detail: '' }),
    closed: async () => {},
  };
  const options = { prefix: UNTAGGED, quota: mode, storeTimeoutMs: 1000 };
  return { stores: [new LeasingCounterStore(ports, options), new LeasingCounterStore(ports, options)], link };
}

const maximum = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 4, max: 30 }) },
  fc.constantFrom(1, 1000, Number.MAX_SAFE_INTEGER),
);
const period = fc.constantFrom(20, 20, 25, 900, 1000, 1001, 60_000, 86_400_000, Number.MAX_SAFE_INTEGER);
const unit = fc.constantFrom('minute' as const, 'day' as const, 'month' as const);
const limits = fc.uniqueArray(
  fc.oneof(
    fc.record({ maximumRequests: maximum, timePeriodInMilliseconds: period }),
    fc.record({ maximumRequests: maximum, timePeriodInMilliseconds: period, name: fc.constantFrom('burst', 'a b') }),
    fc.tuple(maximum, unit).map(([maximumRequests, of]) => {
      return { maximumRequests, timePeriodInMilliseconds: CALENDAR_MS[of], calendar: { unit: of, timeZone: 'UTC' } };
    }),
  ),
  { minLength: 1, maxLength: 3, selector: ({ timePeriodInMilliseconds: ms }) => ms },
);
const step = fc.record({
  passMs: fc.constantFrom(0, 0, 0, 0, 1, 10, 300, 61_000),
  costs: fc.tuple(fc.constantFrom(1, 1, 2, 3, 5, 70), fc.constantFrom(1, 1, 2)),
  isAway: fc.constantFrom(false, false, true),
  tripMs: fc.constantFrom(0, 0, 5, 22),
  repeat: fc.integer({ min: 1, max: 8 }),
});

describe.each(Object.entries(ways))(
  'what callers are told of a quota that is counted by the way "%s"',
  (_name, open) => {
    it('agrees with itself', async () => {
      const property = fc.asyncProperty(
        limits,
        limits,
        fc.array(step, { minLength: 5, maxLength: 40 }),
        async (one, two, steps) => {
          const clock = new Clock();
          const { stores, link } = open(clock);
          let turn = 0;
          let costs: readonly number[] = [1, 1];
          const policies = [one, two].map((list, i) => {
            const terms = { scope: 'mesh', onStoreFailure: 'local' } as const;
            const demand = (): Charge => ({ key: 'k', limits: list, cost: costs[i] ?? 1, terms });
            return bound(`q${i}`, quota({ demand, exposeHeaders: true }));
          });
          const snapshot = snapshotOf([apiOf({ name: 'a', quota: policies })]);
          const take: CounterStore['take'] = (demands, deadline) =>
            (stores[turn++ % stores.length] as CounterStore).take(demands, deadline);
          const ports = portsOf({ clock, take });
          for (const next of steps) {
            clock.ms += next.passMs;
            costs = next.costs;
            if (link !== undefined) Object.assign(link, { available: !next.isAway, tripMs: next.tripMs });
            for (let i = 0; i < next.repeat; i++) {
              check(await decide(snapshot, checkOf(), ports, clock.ms + 10_000), one.length + two.length, costs);
            }
          }
          await Promise.all(stores.map((store) => store.close()));
        },
      );
      await fc.assert(property, { numRuns: 100 });
    }, 60_000);
  },
);

/** @param windowCount windows of all policies */
function check({ denial, policy, exposed }: Decision, windowCount: number, costs: readonly number[]): void {
  if (denial === undefined) {
    expect(exposed).toHaveLength(windowCount);
    return agree(Object.fromEntries(rateHeaders(exposed)), exposed);
  }
  const { httpStatus, headers: told } = publicAnswer(denial, false, reasons);
  const headers = Object.fromEntries(told);
  const cost = costs[Number(policy.slice(1))] ?? 0;
  const windows = 'windows' in denial ? denial.windows : [];
  if (httpStatus === 403) {
    expect(Object.keys(headers).toSorted()).toEqual(['content-type', 'ratelimit-policy']);
    expect(cost).toBeGreaterThan(Math.min(...windows.map(({ limit }) => limit.maximumRequests)));
    return;
  }
  expect(httpStatus).toBe(429);
  agree(headers, windows);
  expect(headers.ratelimit).toMatch(new RegExp(`;t=${headers['retry-after']}$`));
  expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
  // The window that is told of refuses, and would not always.
  expect(Number(headers['x-ratelimit-remaining'])).toBeLessThan(cost);
  expect(cost).toBeLessThanOrEqual(Number(headers['x-ratelimit-limit']));
}

function agree(headers: Record<string, string>, windows: readonly WindowState[]): void {
  const remaining = Number(headers['x-ratelimit-remaining']);
  expect(remaining).toBeGreaterThanOrEqual(0);
  expect(remaining).toBeLessThanOrEqual(Number(headers['x-ratelimit-limit']));
  const [, name, r, t] = /^("[^"]+");r=(\d+);t=(\d+)$/.exec(headers.ratelimit ?? '') ?? [];
  const policy = (headers['ratelimit-policy'] ?? '').split(',').find((item) => item.startsWith(`${name};`));
  const greatest = 999_999_999_999_999;
  expect(Number(r)).toBe(Math.min(remaining, greatest));
  expect(policy).toContain(`;q=${Math.min(Number(headers['x-ratelimit-limit']), greatest)};`);
  expect(Number(t)).toBe(Math.min(Math.max(1, Math.ceil(Number(headers['x-ratelimit-reset']) / 1000)), greatest));
  for (const { limit } of windows)
    if (limit.name !== undefined) expect(headers['ratelimit-policy']).toContain(`"${limit.name}";`);
}
