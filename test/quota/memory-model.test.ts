import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import type { Limit } from '../../src/quota/limit.ts';
import type { Demand } from '../../src/quota/store.ts';
import { windowNames } from '../../src/quota/window.ts';
import { limit } from './behaviour.ts';

// A model that forgets nothing: every window of every counter by its name. Whatever comes after what, the store
// says the same of each request.

const MINUTE_MS = 60_000;
const MINUTE: Limit = {
  maximumRequests: 4,
  timePeriodInMilliseconds: MINUTE_MS,
  calendar: { unit: 'minute', timeZone: 'UTC' },
};
const LIMITS: readonly (readonly Limit[])[] = [
  [limit(3, 100)],
  [limit(5, 100), limit(8, 350)],
  [limit(6, 350)],
  [MINUTE],
  [limit(4, 100), MINUTE],
];

class ModelWindow {
  used = 0;
  end = -Infinity;
}

class Model {
  mono = 1000;
  wall = 1_700_000_000_000;
  windows = new Map<string, Map<string, ModelWindow>>();

  of({ key, limits }: Demand): { limit: Limit; window: ModelWindow; now: number; end: number }[] {
    const known = this.windows.get(key) ?? new Map<string, ModelWindow>();
    this.windows.set(key, known);
    return windowNames(limits).map((name, i) => {
      const one = limits[i]!;
      const now = one.calendar === undefined ? this.mono : this.wall;
      let window = known.get(name);
      if (window === undefined || window.end <= now) known.set(name, (window = new ModelWindow()));
      const end =
        one.calendar === undefined ? now + one.timePeriodInMilliseconds : (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
      return { limit: one, window, now, end };
    });
  }

  take(demands: readonly Demand[]) {
    const all = demands.map((demand) => this.of(demand));
    const fits = all.every((list, d) =>
      list.every((one) => one.window.used + demands[d]!.cost <= one.limit.maximumRequests),
    );
    if (fits) all.forEach((list, d) => list.forEach(({ window, end }) => this.charge(window, end, demands[d]!.cost)));
    const windows = all.map((list) => list.map(({ limit: one, window, now, end }) => this.tell(one, window, now, end)));
    return { granted: fits, windows, all };
  }

  charge(window: ModelWindow, end: number, cost: number): void {
    if (window.end === -Infinity) window.end = end;
    window.used += cost;
  }

  tell(one: Limit, window: ModelWindow, now: number, end: number) {
    const until = window.end === -Infinity ? end : window.end;
    return { limit: one, remaining: Math.max(0, one.maximumRequests - window.used), resetMs: until - now };
  }

  giveBack(windows: readonly (readonly ModelWindow[])[], costs: readonly number[]): void {
    windows.forEach((list, d) =>
      list.forEach((window) => {
        window.used -= costs[d]!;
        if (window.used === 0) window.end = -Infinity;
      }),
    );
  }
}

const key = fc.integer({ min: 0, max: 11 }).map((n) => `key ${n}`);
const demand: fc.Arbitrary<Demand> = fc.record({
  slot: fc.constant('one'),
  key,
  limits: fc.constantFrom(...LIMITS),
  cost: fc.integer({ min: 1, max: 3 }),
});
const demands = fc.uniqueArray(demand, { selector: (one) => one.key, minLength: 1, maxLength: 3 });
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('take' as const), demands }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hold' as const), demands }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('giveBack' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const), demands }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 150 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('setWallAhead' as const), ms: fc.integer({ min: 1, max: 70_000 }) }),
  },
);

it('counters in memory say what a model says that forgets nothing', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const model = new Model();
      const store = new MemoryCounterStore({ monotonic: () => model.mono, now: () => model.wall });
      const held: (() => void)[] = [];
      for (const next of steps) {
        if (next.do === 'pass') {
          model.mono += next.ms;
          model.wall += next.ms;
        } else if (next.do === 'setWallAhead') model.wall += next.ms;
        else if (next.do === 'giveBack') held.splice(next.which, 1)[0]?.();
        else if (next.do === 'reset') {
          store.reset(next.demands);
          for (const one of next.demands) model.windows.delete(one.key);
        } else {
          const costs = next.demands.map(({ cost }) => cost);
          const { all, ...said } = model.take(next.demands);
          if (next.do === 'take') expect(store.take(next.demands)).toEqual(said);
          else {
            const { taking, giveBack } = store.hold(next.demands);
            expect(taking).toEqual(said);
            const windows = all.map((list) => list.map(({ window }) => window));
            held.push(() => {
              giveBack();
              if (said.granted) model.giveBack(windows, costs);
            });
          }
        }
      }
    }),
    { numRuns: 3000 },
  );
});
