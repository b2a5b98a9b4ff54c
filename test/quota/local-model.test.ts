import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScriptMemory } from '../../src/memory/script-memory.ts';
import { OutageDebts } from '../../src/outage/outage-debt.ts';
import { OutageShares } from '../../src/outage/outage-share.ts';
import { noCounterMetrics } from '../../src/quota/counter-metrics.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { Demand } from '../../src/quota/store.ts';
import { readTake, takeCall, UNTAGGED } from '../../src/script/script-call.ts';
import type { ScriptCall } from '../../src/script/script-call.ts';

// Replicas that decide by their shares while they can't reach the counters, in any order of outages, lost
// answers and charges. What they admit is never above what was known to remain (or the limit, in a window that
// opens meanwhile), and what they owe is charged once: nothing is lost, and nothing twice.

const LIMIT = 60;
const WINDOW_MS = 3_600_000;
const LIMITS = [{ maximumRequests: LIMIT, timePeriodInMilliseconds: WINDOW_MS }];
const demand = (cost: number): Demand => {
  return { slot: 's', key: 'k', limits: LIMITS, cost, terms: { scope: 'mesh', onStoreFailure: 'local' } };
};
const KEYS = ['k'];

class World {
  ms = 1000;
  readonly clock = { now: () => 1e12 + this.ms, monotonic: () => this.ms };
  readonly memory = new ScriptMemory(this.clock);

  get used(): number {
    const call = takeCall(UNTAGGED, [demand(1)], [1], { want: 0, least: 1, need: 0, share: 1 }, this.clock.now());
    return readTake([demand(1)], this.memory.run('peek', call.keys, call.args)).windows[0]?.[0]?.used ?? 0;
  }
}

type Fate = 'answered' | 'lost' | 'answer lost';
let names = 0;

class Replica {
  readonly shares = new OutageShares();
  readonly debts: OutageDebts;
  available = true;
  fates: Fate[] = [];
  admittedLocally = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    const link = {
      available: true,
      trouble: 'away',
      run: async ({ script, keys, args }: ScriptCall) => {
        const fate = this.fates.shift() ?? 'answered';
        // Its answer comes later: what is admitted meanwhile belongs to the next debt.
        await Promise.resolve();
        if (!this.available || fate === 'lost') throw new StoreUnavailable('lost');
        const reply = world.memory.run(script.name, keys, args);
        await Promise.resolve();
        if (fate === 'answer lost') throw new StoreUnavailable('answer lost');
        return reply;
      },
    };
    Object.defineProperty(link, 'available', { get: () => this.available });
    const ports = { link, metrics: noCounterMetrics, prefix: UNTAGGED, storeTimeoutMs: 50 };
    this.debts = new OutageDebts({ ...ports, now: () => this.now(), debtName: () => `d${(names += 1)}` }, this.shares);
  }

  now() {
    return { mono: this.#world.ms, wall: this.#world.clock.now() };
  }

  hitLocally(cost: number, replicas: number): boolean {
    const { granted } = this.shares.take([demand(cost)], KEYS, this.now(), replicas);
    if (granted) this.admittedLocally += cost;
    return granted;
  }

  /** As the store does: what is owed goes first, and where it can't the share decides. */
  hitTheStore(cost: number): boolean | 'share' {
    if (this.shares.owingAt('k') !== undefined) return 'share';
    const { memory, clock } = this.#world;
    const call = takeCall(UNTAGGED, [demand(cost)], [cost], { want: 1, least: 1, need: 1, share: 1 }, clock.now());
    const asked = this.now();
    const reply = readTake([demand(cost)], memory.run('take', call.keys, call.args));
    this.shares.learn([demand(cost)], KEYS, reply.windows, asked);
    return reply.charged > 0;
  }
}

const cost = fc.integer({ min: 1, max: 4 });
const replica = fc.integer({ min: 0, max: 2 });
const fates = fc.array(fc.constantFrom<Fate>('answered', 'lost', 'answer lost'), { maxLength: 3 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('hit' as const), replica, cost }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('outage' as const), replica, isAway: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const), replica, fates, meanwhile: cost }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 300 }) }) },
);

describe('the shares of replicas', () => {
  it('never add up to more than the most that one of them last knew to remain, whatever their number', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.integer({ min: 0, max: LIMIT }), { minLength: 7, maxLength: 7 }),
      fc.array(cost, { minLength: 1, maxLength: 60 }),
      (count, known, costs) => {
        const world = new World();
        const mesh = Array.from({ length: count }, () => new Replica(world));
        mesh.forEach((one, i) => {
          const window = { used: known[i] ?? 0, leftUs: WINDOW_MS * 1000, endUs: 5 };
          one.shares.learn([demand(1)], KEYS, [[window]], one.now());
        });
        for (const units of costs) for (const one of mesh) while (one.hitLocally(units, count));
        const most = Math.max(...mesh.map((_, i) => LIMIT - (known[i] ?? 0)));
        const sum = mesh.reduce((total, one) => total + one.admittedLocally, 0);
        expect(sum).toBeLessThanOrEqual(most);
        for (const one of mesh) expect(one.admittedLocally).toBeLessThanOrEqual(Math.floor(most / count));
      },
    );
    fc.assert(property);
  });

  it('add up to the limit in a window that opens meanwhile', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), (count) => {
        const world = new World();
        const mesh = Array.from({ length: count }, () => new Replica(world));
        for (const one of mesh) while (one.hitLocally(1, count));
        const sum = mesh.reduce((total, one) => total + one.admittedLocally, 0);
        expect(sum).toBe(Math.floor(LIMIT / count) * count);
      }),
    );
  });
});

describe('what replicas owe', () => {
  it('is charged once, whatever is lost and however often they are cut off', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const world = new World();
      const mesh = Array.from({ length: 3 }, () => new Replica(world));
      let byStore = 0;
      for (const next of steps) {
        if (next.do === 'pass') {
          world.ms += next.ms;
          continue;
        }
        const here = mesh[next.replica] as Replica;
        if (next.do === 'outage') here.available = !next.isAway;
        else if (next.do === 'hit') {
          const granted = here.available ? here.hitTheStore(next.cost) : 'share';
          if (granted === 'share') here.hitLocally(next.cost, 3);
          else if (granted) byStore += next.cost;
        } else {
          here.fates = next.fates;
          here.debts.settleAll();
          // While the debt is under way, and its answer may be lost, more is owed.
          here.hitLocally(next.meanwhile, 3);
          here.debts.settle(KEYS);
          await new Promise(setImmediate);
        }
      }
      for (const one of mesh) {
        one.available = true;
        one.fates = [];
        for (let tries = 0; one.shares.owing.size > 0 && tries < 5; tries++) {
          world.ms += 200;
          one.debts.settleAll();
          await new Promise(setImmediate);
        }
        one.debts.close();
      }
      expect(world.used).toBe(byStore + mesh.reduce((total, one) => total + one.admittedLocally, 0));
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
