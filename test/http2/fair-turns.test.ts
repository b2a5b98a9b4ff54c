import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { FairTurns, TurnWork } from '../../src/http2/fair-turns.ts';

function workOf(units: number, atMs: number): TurnWork {
  const work = new TurnWork();
  work.did(units, atMs);
  return work;
}

it('goes on with those who did the least lately, whoever came first', async () => {
  const turns = new FairTurns();
  const order: string[] = [];
  turns.wait(workOf(5000, 10_000), () => order.push('flood'));
  turns.wait(workOf(300, 10_000), () => order.push('busy'));
  turns.wait(workOf(5000, 2000), () => order.push('flood of long ago'));
  turns.wait(new TurnWork(), () => order.push('fresh'));
  await nextTurn();
  expect(order).toEqual(['fresh', 'flood of long ago', 'busy', 'flood']);
});

it('has no time left once much was done, until the turn is over', async () => {
  const turns = new FairTurns();
  expect(turns.isOpen).toBe(true);
  turns.spend(2000);
  expect(turns.isOpen).toBe(false);
  await nextTurn();
  expect(turns.isOpen).toBe(true);
});

it('spreads what was put off over turns, and forgets nobody', async () => {
  const turns = new FairTurns();
  const done: number[] = [];
  for (let i = 0; i < 10; i++) {
    turns.wait(workOf(i + 1, 0), () => {
      done.push(i);
      turns.spend(256);
    });
  }
  await nextTurn();
  expect(done.length).toBeLessThan(10);
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it('counts the work of a long time without a number that is none', () => {
  const work = new TurnWork();
  work.did(0, 0);
  for (let ms = 0; ms < 1e9; ms += 1e7) work.did(100, ms);
  expect(work.rank).toBeGreaterThan(0);
  expect(Number.isFinite(work.rank)).toBe(true);
});
