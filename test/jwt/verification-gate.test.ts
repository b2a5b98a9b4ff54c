import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { VerificationGate } from '../../src/jwt/verification-gate.ts';
import type { Entry, VerificationLane, Waiting } from '../../src/jwt/verification-gate.ts';

const here: Waiting = { isGone: () => false, signal: undefined };

/** Enters so often, and tells how many came in at once. */
function enter(lane: VerificationLane, times: number): number {
  let entered = 0;
  for (let n = 0; n < times; n++) if (lane.enter(here) === 'entered') entered += 1;
  return entered;
}

async function entryOf(entry: Entry | Promise<Entry>): Promise<Entry> {
  return entry;
}

describe('signatures that are checked at once', () => {
  test('are eight of one policy, and sixteen of all', () => {
    const gate = new VerificationGate();
    expect([enter(gate.open(), 20), enter(gate.open(), 20), enter(gate.open(), 20)]).toEqual([8, 8, 0]);
    expect(gate.atWork).toBe(16);
  });

  test('give place in turn: a policy with one token does not wait behind those of another with hundreds', async () => {
    const gate = new VerificationGate();
    const [many, other, one] = [gate.open(), gate.open(), gate.open()];
    enter(many, 8);
    enter(other, 8);
    const order: string[] = [];
    for (let n = 0; n < 500; n++) void entryOf(many.enter(here)).then(() => order.push('many'));
    const asked = entryOf(one.enter(here)).then(() => order.push('one'));
    await sleep(0);
    for (let n = 0; n < 4; n++) many.leave();
    await asked;
    expect(order.indexOf('one')).toBe(0);
  });

  test('are not begun for a caller who has left meanwhile', async () => {
    const gate = new VerificationGate();
    const lane = gate.open();
    enter(lane, 8);
    let left = false;
    const gone = Array.from({ length: 900 }, () => entryOf(lane.enter({ isGone: () => left, signal: undefined })));
    const patient = entryOf(lane.enter(here));
    left = true;
    lane.leave();
    expect(new Set(await Promise.all(gone))).toEqual(new Set(['gone']));
    expect(await patient).toBe('entered');
    expect(lane.enter({ isGone: () => true, signal: undefined })).toBe('gone');
    expect(gate.waiting).toBe(0);
  });

  test('leave no trace of a caller who leaves while waiting', async () => {
    const gate = new VerificationGate();
    const lane = gate.open();
    enter(lane, 8);
    const leaving = new AbortController();
    const waiting = Array.from({ length: 900 }, () =>
      entryOf(lane.enter({ isGone: () => false, signal: leaving.signal })),
    );
    leaving.abort();
    expect(gate.waiting).toBe(0);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['gone']));
  });

  test('are waited for by so many, and no more', () => {
    const gate = new VerificationGate();
    const asked = (lane: VerificationLane): readonly (Entry | Promise<Entry>)[] =>
      Array.from({ length: 1100 }, () => lane.enter(here));
    const busy = Array.from({ length: 5 }, () => asked(gate.open()).filter((entry) => entry === 'busy').length);
    // Eight of each of the first two are at work.
    expect(busy).toEqual([92, 92, 100, 100, 1100]);
    expect(gate.waiting).toBe(4000);
  });
});
