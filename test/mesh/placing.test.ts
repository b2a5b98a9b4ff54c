import { describe, expect, it } from 'vitest';
import { place } from './placing.ts';
import type { Admission } from './placing.ts';
import { seededRandom } from './random.ts';
import type { Random } from './random.ts';
import type { Interval } from './timeline.ts';
import { sightingOf } from './windows.ts';
import type { Closing } from './windows.ts';

// The judge of the mesh test is judged: a simulated counter that keeps its limit has no fault at any seed, one that
// doesn't is found.

interface Simulated {
  readonly admissions: Admission[];
  readonly sightings: Interval[];
  readonly end: number;
}

interface Simulation {
  readonly limit: (at: number) => number;
  readonly windowMs: number;
  /** How long an answer takes. */
  readonly tripMs: () => number;
  /** Told at most every so many answers. */
  readonly toldEvery?: number;
  readonly resetAt?: number;
}

/** A counter with windows from the first hit, hit every 7 ms on the average. */
function simulate(random: Random, { limit, windowMs, tripMs, toldEvery = 1, resetAt }: Simulation): Simulated {
  const admissions: Admission[] = [];
  const sightings: Interval[] = [];
  let [ends, used, at, answers, isReset] = [-1, 0, 0, 0, false];
  while (at < 10_000) {
    at += random.next() * 14;
    if (resetAt !== undefined && at >= resetAt && !isReset) [ends, isReset] = [-1, true];
    const trip = tripMs();
    const from = at - random.next() * trip;
    const until = from + trip;
    if (at >= ends) [ends, used] = [at + windowMs, 0];
    const units = random.integer(1, 3);
    if (used + units <= limit(at)) {
      used += units;
      admissions.push({ from, until, units });
    }
    answers += 1;
    const sighting = answers % toldEvery === 0 ? sightingOf(from, until, ends - at) : undefined;
    if (sighting !== undefined) sightings.push(sighting);
  }
  return { admissions, sightings, end: at };
}

function judge({ admissions, sightings, end }: Simulated, limit: number, windowMs: number, closings: Closing[] = []) {
  const run = { from: -100, until: end };
  return place(admissions, sightings, { windowMs, isCalendar: false, closings, run, mostDuring: () => limit });
}

const seeds = Array.from({ length: 30 }, (_, i) => i + 1);

describe('placing admissions into windows', () => {
  it.each(seeds)('finds nothing where limits are kept, seed %i', (seed) => {
    const random = seededRandom(seed);
    const tripMs = (): number => (random.next() < 0.1 ? random.next() * 900 : random.next() * 10);
    for (const toldEvery of [1, 40]) {
      const simulated = simulate(random, { limit: () => 50, windowMs: 500, tripMs, toldEvery });
      expect(judge(simulated, 50, 500).faults).toEqual([]);
    }
  });

  it.each(seeds)('finds one unit above the limit, seed %i', (seed) => {
    const random = seededRandom(seed);
    const simulated = simulate(random, { limit: () => 51, windowMs: 500, tripMs: () => random.next() * 10 });
    expect(judge(simulated, 50, 500).faults.join()).toMatch(/above the limit|admitted in one window/);
  });

  it.each(seeds.slice(0, 10))(
    'finds 20 per cent above the limit though every tenth answer is late, seed %i',
    (seed) => {
      const random = seededRandom(seed);
      const tripMs = (): number => (random.next() < 0.1 ? random.next() * 900 : random.next() * 10);
      const simulated = simulate(random, { limit: () => 60, windowMs: 500, tripMs });
      expect(judge(simulated, 50, 500).faults.join()).toMatch(/above the limit|admitted in one window/);
    },
  );

  it.each(seeds.slice(0, 10))('finds 20 per cent above the limit where no window was ever told, seed %i', (seed) => {
    const random = seededRandom(seed);
    const simulated = simulate(random, { limit: () => 60, windowMs: 500, tripMs: () => random.next() * 10 });
    expect(judge({ ...simulated, sightings: [] }, 50, 500).faults.join()).toContain('above the limit');
  });

  it('finds a burst of more than two windows where no window was ever told', () => {
    const burst = Array.from({ length: 101 }, (_, i) => ({ from: 3000 + i, until: 3005 + i, units: 1 }));
    const simulated = { admissions: burst, sightings: [], end: 10_000 };
    expect(judge(simulated, 50, 500).faults.join()).toContain('101 units in 105 ms');
    expect(judge({ ...simulated, admissions: burst.slice(1) }, 50, 500).faults).toEqual([]);
  });

  it('finds windows that are too short', () => {
    const random = seededRandom(1);
    const simulated = simulate(random, { limit: () => 50, windowMs: 400, tripMs: () => random.next() * 10 });
    expect(judge(simulated, 50, 500).faults).not.toEqual([]);
  });

  it('finds windows that are told to last longer than they do', () => {
    const random = seededRandom(1);
    const simulated = simulate(random, { limit: () => 50, windowMs: 500, tripMs: () => random.next() * 10 });
    expect(judge(simulated, 50, 400).faults.join()).toContain('was told to be open');
  });

  it('finds what is admitted under a limit that was lowered in the middle of a window', () => {
    const trip = { windowMs: 60_000, tripMs: () => 5 };
    const mostDuring = ({ from, until }: Interval): number => (until < 1000 ? 200 : from > 1050 ? 100 : 200);
    const rules = { windowMs: 60_000, isCalendar: false, closings: [], run: { from: -100, until: 20_000 }, mostDuring };
    const kept = simulate(seededRandom(1), { ...trip, limit: (at) => (at < 1020 ? 200 : 100) });
    expect(place(kept.admissions, kept.sightings, rules).faults).toEqual([]);
    const late = simulate(seededRandom(1), { ...trip, limit: (at) => (at < 700 ? 150 : at < 1100 ? 50 : 200) });
    expect(place(late.admissions, late.sightings, rules).faults.join()).toMatch(/of 100 were admitted/);
  });

  it('grants a fresh window after a reset, and what leases hold', () => {
    const closing = { from: 4990, until: 5010, leasedUntil: 6010, leasedUnits: 10 };
    const trip = { windowMs: 60_000, tripMs: () => 5, limit: () => 100 };
    const reset = simulate(seededRandom(1), { ...trip, resetAt: 5000 });
    expect(judge(reset, 100, 60_000, [closing]).faults).toEqual([]);
    expect(judge(reset, 100, 60_000).faults).not.toEqual([]);
    const more = simulate(seededRandom(1), { ...trip, limit: () => 106, resetAt: 5000 });
    expect(judge(more, 100, 60_000, [closing]).faults).not.toEqual([]);
  });
});
