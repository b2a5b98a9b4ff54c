import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Moment } from '../../src/clock.ts';
import { leaseSize, SpendingRate } from '../../src/lease/lease-size.ts';
import { Lease } from '../../src/lease/lease.ts';

// A model of Redis with one fixed window after another, several replicas with clocks of their own, trips of any
// length, answers that are lost, replicas that are killed, and clocks that are set or stand still. Whatever
// happens, no window may have more spent in it than its limit, and no unit may be spent outside its window.

const LIMIT = 40;
const WINDOW_MS = 100;

class ModelRedis {
  used = 0;
  endMs = -1;
  readonly spent = new Map<number, number>();

  take(want: number, nowMs: number): { granted: number; endMs: number } {
    if (nowMs >= this.endMs) {
      this.endMs = nowMs + WINDOW_MS;
      this.used = 0;
    }
    const granted = Math.min(want, LIMIT - this.used);
    this.used += granted;
    return { granted, endMs: this.endMs };
  }

  giveBack(units: number, endMs: number, nowMs: number): void {
    if (endMs === this.endMs && nowMs < endMs) this.used -= units;
  }

  spend(units: number, endMs: number): void {
    this.spent.set(endMs, (this.spent.get(endMs) ?? 0) + units);
  }
}

/** A replica whose wall clock is off, may be set, and whose monotonic clock may have stood still. */
class ModelReplica {
  readonly lease = new Lease();
  endMs = -1;
  wallOffset: number;
  monoOffset: number;

  constructor(wallOffset: number, monoOffset: number) {
    this.wallOffset = wallOffset;
    this.monoOffset = monoOffset;
  }

  moment(realMs: number): Moment {
    return { mono: realMs + this.monoOffset, wall: realMs + this.wallOffset };
  }
}

const replica = fc.integer({ min: 0, max: 3 });
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('spend' as const), replica, units: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      replica,
      want: fc.integer({ min: 1, max: 20 }),
      there: fc.integer({ min: 0, max: 60 }),
      back: fc.integer({ min: 0, max: 60 }),
      lost: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('giveBack' as const), replica }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), replica }) },
  // Either clock alone may go wrong: the other one still holds.
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('setWallBack' as const), replica, ms: fc.integer({ min: 1, max: 9999 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('setWallOn' as const), replica, ms: fc.integer({ min: 1, max: 9999 }) }),
  },
);

describe('leases', () => {
  it('spend no unit outside its window and no more than the limit in it, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 80 }), (steps) => {
        const redis = new ModelRedis();
        const replicas = [0, 5000, -5000, 77].map((offset) => new ModelReplica(offset, offset * 3));
        let real = 1_000_000;
        for (const next of steps) {
          if (next.do === 'pass') {
            real += next.ms;
            continue;
          }
          const here = replicas[next.replica] as ModelReplica;
          const { lease } = here;
          if (next.do === 'ask') {
            const asked = here.moment(real);
            const { granted, endMs } = redis.take(next.want, real + next.there);
            const leftUs = (endMs - real - next.there) * 1000;
            real += next.there + next.back;
            if (next.lost || granted === 0) continue;
            const windows = [[{ used: 0, leftUs, endUs: endMs * 1000 }]];
            const unspent = lease.add({ units: granted, epochs: [0], windows, asked });
            if (unspent !== undefined) redis.giveBack(unspent.units, here.endMs, real);
            here.endMs = endMs;
          } else if (next.do === 'spend') {
            if (!lease.spend(next.units, here.moment(real))) continue;
            expect(real).toBeLessThan(here.endMs);
            redis.spend(next.units, here.endMs);
          } else if (next.do === 'giveBack') {
            const unspent = lease.drop();
            if (unspent !== undefined) redis.giveBack(unspent.units, here.endMs, real);
          } else if (next.do === 'kill') {
            replicas[next.replica] = new ModelReplica(here.wallOffset, here.monoOffset + 12_345);
          } else {
            here.wallOffset += next.do === 'setWallBack' ? -next.ms : next.ms;
          }
        }
        for (const units of redis.spent.values()) expect(units).toBeLessThanOrEqual(LIMIT);
      }),
      { numRuns: 1000 },
    );
  });

  it('die by the wall clock where the monotonic one stood still, as while a machine sleeps', () => {
    const lease = new Lease();
    const windows = [[{ used: 1, leftUs: 1_000_000, endUs: 5 }]];
    lease.add({ units: 5, epochs: [0], windows, asked: { mono: 0, wall: 0 } });
    expect(lease.units({ mono: 900, wall: 900 })).toBe(5);
    expect(lease.units({ mono: 10, wall: 5000 })).toBe(0);
    expect(lease.spend(1, { mono: 10, wall: 5000 })).toBe(false);
  });

  it('die before their window by the margin for drift', () => {
    const lease = new Lease();
    lease.add({
      units: 1,
      epochs: [0],
      windows: [[{ used: 1, leftUs: 500_000, endUs: 5 }]],
      asked: { mono: 0, wall: 0 },
    });
    expect(lease.isAlive({ mono: 498, wall: 498 })).toBe(true);
    expect(lease.isAlive({ mono: 498.6, wall: 498.6 })).toBe(false);
  });

  it('die within a second of the question, since a reset may have been missed', () => {
    const lease = new Lease();
    const windows = [[{ used: 1, leftUs: 3_600_000_000, endUs: 5 }]];
    lease.add({ units: 1, epochs: [0], windows, asked: { mono: 0, wall: 0 } });
    expect(lease.isAlive({ mono: 999, wall: 999 })).toBe(true);
    expect(lease.isAlive({ mono: 1000, wall: 1000 })).toBe(false);
  });

  it('add up within the same windows, and hand out what belongs to earlier ones or to an earlier epoch', () => {
    const lease = new Lease();
    const now = { mono: 0, wall: 0 };
    const window = { used: 1, leftUs: 1_000_000, endUs: 5 };
    const grant = { units: 3, epochs: [0], windows: [[window]], asked: now };
    expect(lease.add(grant)).toBeUndefined();
    expect(lease.add(grant)).toBeUndefined();
    expect(lease.units(now)).toBe(6);
    expect(lease.add({ ...grant, windows: [[{ ...window, endUs: 6 }]] })).toMatchObject({
      units: 6,
      windows: [[window]],
    });
    expect(lease.add({ ...grant, epochs: [7] })).toMatchObject({ units: 3, epochs: [0] });
    expect(lease.units(now)).toBe(3);
  });
});

describe('the size of a lease', () => {
  it('is never above 5 % of the smallest limit, nor above what is spent in an interval, nor above what fits in the window', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1000, noNaN: true }),
        fc.integer({ min: 1, max: 86_400_000 }),
        fc.integer({ min: 0, max: 86_400_000 }),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        (rate, shortestMs, leftMs, smallest) => {
          const size = leaseSize(rate, shortestMs, leftMs, smallest);
          expect(Number.isInteger(size)).toBe(true);
          expect(size).toBeGreaterThanOrEqual(0);
          expect(size).toBeLessThanOrEqual(smallest * 0.05);
          expect(size).toBeLessThanOrEqual(rate * Math.min(200, leftMs, shortestMs));
        },
      ),
    );
  });

  it('is nothing for a quota so small that one unit is more than 5 %', () => {
    expect(leaseSize(1000, 1000, 1000, 19)).toBe(0);
    expect(leaseSize(1000, 1000, 1000, 20)).toBe(1);
  });

  it('follows the rate up at once and forgets it when the hits stop', () => {
    const rate = new SpendingRate(0);
    for (let ms = 0; ms < 20; ms++) rate.note(10);
    expect(rate.perMs(20)).toBeCloseTo(10);
    expect(rate.perMs(2000)).toBeLessThan(1);
  });
});
