import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CompletenessPart } from '../../src/analytics/completeness-part.ts';
import { Heir } from '../../src/analytics/heir.ts';
import { readMark } from '../../src/analytics/mark.ts';
import type { Mark } from '../../src/analytics/mark.ts';
import { decide, openAccounts } from './decided.ts';

const START = 1_790_000_000_000;

/** A process, and the slots that were kept of it. */
function open() {
  const time = { wall: START, mono: 0 };
  const clock = { now: () => time.wall, monotonic: () => time.mono };
  const accounts = openAccounts({ clock });
  let slots = 0;
  const told: CompletenessPart[] = [];
  let next = 0;
  return {
    accounts,
    told,
    time,
    pass: (ms: number) => {
      time.wall += ms;
      time.mono += ms;
    },
    decide: (count: number) => {
      const first = next;
      for (; next < first + count; next++) decide(accounts, { api: 'orders' }, 'envoy');
      return Array.from({ length: count }, (_, at) => first + at);
    },
    turn: () => {
      told.push(...accounts.ledger.turn());
      slots += 1;
    },
    mark: (isLast = false): Mark => {
      const mark = accounts.mark({ node: 'here', madeAtMs: time.wall, isLast, slots });
      return readMark(JSON.stringify(mark))!;
    },
    heir: (mark: Mark, through = slots) => new Heir(mark, { through }, clock),
  };
}

const sums = (parts: readonly CompletenessPart[]) => {
  const total = { decided: 0, reported: 0, unreported: 0, unknown: 0 };
  for (const part of parts) for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += part[name];
  return total;
};

describe('the accounts of a process that was killed', () => {
  test('are given back to a process that lives after all: what was told of them is taken back', () => {
    const { accounts, pass, decide: some, turn, mark, heir } = open();
    accounts.claim(some(10));
    pass(10_000);
    turn();
    const [first, second] = some(5);
    const last = heir(mark());
    const parts = [...last.turn()];
    last.claim([first!]);
    pass(60_000);
    parts.push(...last.turn());
    expect(sums(parts)).toEqual({ decided: 5, reported: 1, unreported: 0, unknown: 4 });
    last.giveBack();
    expect(last.claim([second!])).toEqual(['expired']);
    parts.push(...last.turn());
    expect(sums(parts)).toEqual({ decided: 0, reported: 0, unreported: 0, unknown: 0 });
    expect([last.isDone, last.isReturned, last.turn()]).toEqual([true, true, []]);
  });

  test('go on: what had come and was not kept is unknown, and so is what does not come within a minute', () => {
    const { accounts, told, pass, decide: some, turn, mark, heir } = open();
    accounts.claim(some(10));
    pass(10_000);
    turn();
    const [first, second, ...open3] = some(5);
    accounts.claim([first!, second!]);
    const last = heir(mark());
    expect([last.open, last.unknown, last.wasKilled]).toEqual([3, 2, true]);
    expect(sums(last.turn())).toEqual({ decided: 5, reported: 0, unreported: 0, unknown: 2 });
    expect(last.claim([open3[0]!, open3[0]!])).toEqual(['counted', 'repeated']);
    expect(sums(last.turn())).toEqual({ decided: 0, reported: 1, unreported: 0, unknown: 0 });
    pass(60_000);
    const parts = last.turn();
    expect(parts).toEqual([{ startMs: START + 10_000, decided: 0, reported: 0, unreported: 0, unknown: 2, rows: [] }]);
    expect(last.claim([open3[1]!])).toEqual(['late']);
    expect(sums(last.turn())).toEqual({ decided: 0, reported: 1, unreported: 0, unknown: -1 });
    expect(last.turn()).toEqual([]);
    expect(sums(told).decided + 5).toBe(15);
    pass(3_600_000);
    expect(last.isDone).toBe(true);
  });

  test('tell of decisions after the mark as far as their entries come', () => {
    const { decide: some, pass, mark, heir } = open();
    some(3);
    const last = heir(mark());
    expect(last.claim([7, 5, 7])).toEqual(['counted', 'counted', 'repeated']);
    expect(sums(last.turn())).toMatchObject({ decided: 3 + 5, reported: 2 });
    pass(60_000);
    expect(sums(last.turn())).toMatchObject({ decided: 0, unknown: 6 });
    expect(last.claim([9, 2_000_000])).toEqual(['late', 'expired']);
    expect(sums(last.turn())).toMatchObject({ decided: 2, reported: 1, unknown: 1 });
  });

  test('count nothing twice, whichever of its last slots were kept', () => {
    const { accounts, decide: some, pass, turn, told, mark, heir } = open();
    for (let slot = 1; slot <= 3; slot++) {
      accounts.claim(some(10));
      mark();
      pass(10_000);
      turn();
    }
    // Between the last slot and the next mark it was killed.
    const before = mark();
    accounts.claim(some(10));
    expect(sums(heir(before, 4).turn())).toEqual({ decided: 0, reported: 0, unreported: 0, unknown: 0 });
    // The last slot had been given, and was not written.
    expect(sums(heir(before, 2).turn())).toEqual({ decided: 10, reported: 0, unreported: 0, unknown: 10 });
    expect(sums(heir(before, 3).turn())).toEqual({ decided: 0, reported: 0, unreported: 0, unknown: 0 });
    expect(sums(told)).toMatchObject({ decided: 30, reported: 30 });
  });

  test('can be inherited again, with what was told meanwhile', () => {
    const { accounts, decide: some, pass, mark, heir } = open();
    accounts.claim(some(10).slice(0, 4));
    const first = heir(mark(), 0);
    const parts = first.turn();
    expect(first.claim([5])).toEqual(['counted']);
    const marked = first.mark({ node: 'heir', teller: '00000007' }, 1);
    expect(readMark(JSON.stringify(marked))).toEqual(marked);
    const second = heir(marked, 1);
    pass(60_000);
    parts.push(...second.turn());
    // The entry that the first heir had counted was lost with it.
    expect(sums(parts)).toEqual({ decided: 10, reported: 0, unreported: 0, unknown: 10 });
  });

  test('are whole where it ended as it should', () => {
    const { accounts, decide: some, turn, mark, heir } = open();
    accounts.claim(some(4).slice(1));
    turn();
    const last = heir(mark(true));
    expect([last.open, last.unknown, last.wasKilled]).toEqual([1, 0, false]);
    expect(last.claim([4, 0])).toEqual(['expired', 'counted']);
    expect(sums(last.turn())).toMatchObject({ decided: 0, reported: 1, unknown: 0 });
  });
});

test('whenever it is killed, every decision up to the mark is told once', () => {
  const step = fc.oneof(fc.constant('decide' as const), fc.constant('turn' as const), fc.nat({ max: 60 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.array(fc.nat({ max: 60 }), { maxLength: 30 }), (steps, late) => {
      const { accounts, decide: some, pass, turn, told, mark, heir } = open();
      let decided = 0;
      for (const one of steps) {
        if (one === 'decide') decided += some(1).length;
        else if (one === 'turn') {
          pass(10_000);
          turn();
        } else accounts.claim([one]);
        mark();
      }
      const last = heir(mark(true));
      last.claim(late);
      const parts = [...told, ...last.turn()];
      pass(60_000);
      parts.push(...last.turn());
      last.claim(late.map((each) => each + 1));
      parts.push(...last.turn());
      const total = sums(parts);
      expect(total.decided).toBe(decided);
      expect(total.reported + total.unreported + total.unknown).toBe(decided);
    }),
  );
});

test.each(['', '{}', 'null', '[]', '{"epoch":1}', JSON.stringify({ ...open().mark(), key: 'short' })])(
  'what is no mark is none: %s',
  (text) => {
    expect(readMark(text)).toBeUndefined();
  },
);
