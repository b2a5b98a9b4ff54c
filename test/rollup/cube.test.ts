import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cube, SLOT_MS } from '../../src/rollup/cube.ts';
import { groupRows, mergeMeasures, mergeRows } from '../../src/rollup/merge.ts';
import { DIMENSIONS, FOLDED } from '../../src/rollup/slot.ts';
import type { Dimension, Slot, SlotRow } from '../../src/rollup/slot.ts';
import type { Measured } from '../../src/rollup/slot-table.ts';
import { HandTime } from './hand-timers.ts';
import { additions, sumOfAdded, sumOfRows } from './rows.ts';

const START = 1_790_000_000_000;
const ONE: Measured = { count: 1, requestBytes: 10, responseBytes: 20, policyMs: 2, durationMs: 5 };

function keyOf(texts: Partial<Record<Dimension, string>>): string[] {
  return DIMENSIONS.map((dimension) => texts[dimension] ?? '');
}

function start(mostSeries = 1000, now = START) {
  const time = new HandTime(now);
  const cube = new Cube({ node: 'front', epoch: '0badcafe', mostSeries }, time);
  const slots: Slot[] = [];
  cube.addTaker({ take: (slot) => slots.push(slot) });
  return { time, cube, slots, rows: () => slots.flatMap(({ rows }) => rows) };
}

describe('the cube', () => {
  it('gives what was fed, whatever the bound and wherever the slots end', () => {
    fc.assert(
      fc.property(
        additions(3),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 50 }),
        (added, most, each) => {
          const { time, cube, slots, rows } = start(most);
          for (const [at, { key, measured }] of added.entries()) {
            if (at % each === 0) time.pass(3000);
            if (at % 7 === 0) cube.correct(START - at * 1000, key, measured);
            else cube.add(key, measured);
          }
          cube.close();
          expect(sumOfRows(rows())).toEqual(sumOfAdded(added));
          // Beyond the bound there is at most a row for each outcome.
          for (const slot of slots) expect(slot.rows.length).toBeLessThanOrEqual(most + 4);
          expect(slots.map(({ sequence }) => sequence)).toEqual(slots.map((_slot, at) => at + 1));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives each key its own row where the bound is not reached', () => {
    fc.assert(
      fc.property(additions(2), (added) => {
        const { cube, slots, rows } = start();
        for (const { key, measured } of added) cube.add(key, measured);
        cube.close();
        const byKey = Map.groupBy(added, ({ key }) => JSON.stringify(key));
        expect(new Set(rows().map(({ key }) => JSON.stringify(key)))).toEqual(new Set(byKey.keys()));
        for (const row of rows()) {
          expect(sumOfRows([row])).toEqual(sumOfAdded(byKey.get(JSON.stringify(row.key)) ?? []));
          const buckets = row.durations.filter((_each, at) => at % 2 === 0);
          expect(buckets).toEqual([...new Set(buckets)].toSorted((a, b) => a - b));
        }
        expect(slots.map(({ folded }) => folded)).toEqual([0]);
      }),
      { numRuns: 100 },
    );
  });

  it('ends slots where the wall clock says, and tells of those in which nothing came', () => {
    const { time, cube, slots } = start(1000, START + 3000);
    cube.add(keyOf({ api: 'orders' }), ONE);
    time.pass(7000);
    cube.add(keyOf({ api: 'orders' }), ONE);
    time.pass(20_000);
    cube.close();
    expect(slots.map(({ startMs, rows }) => [startMs - START, sumOfRows(rows).count])).toEqual([
      [0, 1],
      [10_000, 1],
      [20_000, 0],
      [30_000, 0],
    ]);
    expect(slots[0]).toMatchObject({ node: 'front', epoch: '0badcafe', periodMs: SLOT_MS });
  });

  it('ends the slot under way where the clock is set, and makes up none', () => {
    const { time, cube, slots } = start();
    cube.add(keyOf({ api: 'before' }), ONE);
    time.set(START + 5 * 3_600_000 + 4000);
    cube.tick();
    cube.add(keyOf({ api: 'hours later' }), ONE);
    time.set(START - 3_600_000);
    cube.tick();
    cube.add(keyOf({ api: 'an hour before' }), ONE);
    time.set(START);
    cube.tick();
    cube.add(keyOf({ api: 'again' }), ONE);
    cube.close();
    expect(slots.map(({ startMs, rows }) => [startMs - START, rows.map(({ key }) => key[0])])).toEqual([
      [0, ['before']],
      [5 * 3_600_000, ['hours later']],
      [-3_600_000, ['an hour before']],
      [0, ['again']],
    ]);
  });

  it('corrects slots that are over, with their completeness', () => {
    const { time, cube, slots } = start();
    const lost = keyOf({ api: 'orders', outcome: 'unreported' });
    cube.complete(START, { decided: 2, reported: 1, unreported: 0, unknown: 0 });
    time.pass(SLOT_MS);
    let asked = 0;
    cube.beforeSlots(() => {
      asked += 1;
      if (asked > 1) return;
      cube.correct(START + 1, lost, { ...ONE, durationMs: undefined });
      cube.complete(START + 9999, { decided: 0, reported: 0, unreported: 1, unknown: 0 });
    });
    time.pass(SLOT_MS);
    cube.correct(START, lost, {
      count: -1,
      requestBytes: -10,
      responseBytes: -20,
      policyMs: -2,
      durationMs: undefined,
    });
    cube.correct(START, keyOf({ api: 'orders', outcome: 'processed' }), ONE);
    cube.complete(START, { decided: 0, reported: 1, unreported: -1, unknown: 0 });
    cube.close();
    const ofStart = slots.filter(({ startMs }) => startMs === START);
    expect(ofStart.length).toBe(3);
    expect(mergeRows(ofStart.flatMap(({ rows }) => rows)).map(({ key, count }) => [key[7], count])).toEqual([
      ['processed', 1],
    ]);
    const sum = (name: 'decided' | 'reported' | 'unreported'): number =>
      ofStart.reduce((total, { completeness }) => total + completeness[name], 0);
    expect([sum('decided'), sum('reported'), sum('unreported')]).toEqual([2, 2, 0]);
  });

  it('keeps the busiest keys, and folds of the others what tells least', () => {
    const { cube, slots, rows } = start(100);
    const busy = Array.from({ length: 40 }, (_, at) =>
      keyOf({ api: 'orders', route: `/busy/${at}`, client: `c${at % 4}` }),
    );
    for (let round = 0; round < 5; round++) for (const key of busy) cube.add(key, ONE);
    for (let at = 0; at < 1000; at++)
      cube.add(keyOf({ api: 'orders', route: `/rare/${at}`, client: `c${at % 4}` }), ONE);
    cube.close();
    for (const key of busy) expect(rows().find((row) => row.key.join() === key.join())?.count).toBe(5);
    const folded = groupRows(rows(), ['route', 'client']).filter(({ key }) => key[0] === FOLDED);
    expect(new Set(folded.map(({ key }) => key[1]))).toEqual(new Set(['c0', 'c1', 'c2', 'c3']));
    expect(slots[0]?.folded).toBe(folded.reduce((sum, { count }) => sum + count, 0));
    expect(slots[0]?.folded).toBeGreaterThan(800);
    expect(rows().length).toBeLessThanOrEqual(100);
  });

  it('folds texts that are too long or too many, and gives numbers again', async () => {
    const { time, cube, slots } = start(100);
    cube.add(keyOf({ api: 'orders', source: 'x'.repeat(10_000) }), ONE);
    cube.add(keyOf({ api: 'orders', source: 'a "quoted"\nname\0' }), ONE);
    time.pass(SLOT_MS);
    await expect.poll(() => slots.length, { interval: 1 }).toBe(1);
    expect(slots[0]?.rows.map(({ key }) => key[10])).toEqual([FOLDED, 'a "quoted"\nname\0']);
    expect(slots[0]?.folded).toBe(1);
    for (let slot = 0; slot < 40; slot++) {
      for (let at = 0; at < 90; at++) cube.add(keyOf({ api: 'orders', source: `${slot}-${at}` }), ONE);
      time.pass(SLOT_MS);
      await expect.poll(() => slots.length, { interval: 1 }).toBe(slot + 2);
    }
    expect(slots.slice(-30).map(({ folded }) => folded)).toEqual(Array.from({ length: 30 }, () => 0));
  });

  it('makes large slots little by little, in order, and the rest at its close', async () => {
    const { time, cube, slots } = start(10_000);
    for (let at = 0; at < 3000; at++) cube.add(keyOf({ route: `/${at}` }), ONE);
    time.pass(SLOT_MS);
    cube.add(keyOf({ route: '/later' }), ONE);
    expect(slots.length).toBe(0);
    await turn();
    cube.close();
    expect(slots.map(({ rows, sequence }) => [sequence, rows.length])).toEqual([
      [1, 3000],
      [2, 1],
    ]);
  });
});

describe('rows', () => {
  it('merge by adding, in any order', () => {
    fc.assert(
      fc.property(additions(1), additions(1), additions(1), (...parts) => {
        const [a, b, c] = parts.map((added) => {
          const { cube, rows } = start();
          for (const { key, measured } of added) cube.add(key, measured);
          cube.close();
          return rows();
        }) as [SlotRow[], SlotRow[], SlotRow[]];
        const sorted = (rows: readonly SlotRow[]): SlotRow[] =>
          rows.toSorted((x, y) => (x.key.join() < y.key.join() ? -1 : 1));
        const [left, right] = [
          mergeRows([...mergeRows([...a, ...b]), ...c]),
          mergeRows([...a, ...mergeRows([...b, ...c])]),
        ];
        expect(sorted(left)).toEqual(sorted(right));
        expect(sumOfRows(left)).toEqual(sumOfAdded(parts.flat()));
        if (a[0] && b[0]) expect(mergeMeasures(a[0], b[0])).toEqual(mergeMeasures(b[0], a[0]));
      }),
      { numRuns: 100 },
    );
  });

  it('are grouped by any dimensions', () => {
    const measures = { ...ONE, durationCount: 1, durationMs: 5, durations: [18, 1] };
    const rows = ['GET', 'POST'].flatMap((method) =>
      ['a', 'b'].map((client): SlotRow => Object.assign({ key: keyOf({ method, client }) }, measures)),
    );
    expect(groupRows(rows, ['method']).map(({ key, count, durations }) => [key, count, durations])).toEqual([
      [['GET'], 2, [18, 2]],
      [['POST'], 2, [18, 2]],
    ]);
    expect(groupRows(rows, []).map(({ count }) => count)).toEqual([4]);
  });
});
