import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import type { CompletenessPart } from '../../src/analytics/completeness-part.ts';
import { Ledger } from '../../src/analytics/ledger.ts';
import type { LedgerOptions } from '../../src/analytics/ledger.ts';
import type { Cell, Missing } from '../../src/analytics/decided-span.ts';
import type { Decision } from '../../src/decision/decision.ts';
import { decisionOf } from './decided.ts';

const START = 1_790_000_000_000;
const ENVOY = '10.1.2.4:8080';
const GOLD = { api: 'orders', client_id: 'gold-id', client_name: 'gold', contract: 'gold-orders', tier: 'gold' };
const DENIED = { api: 'orders', outcome: 'deny', policy: 'orders/limit', reason: 'quota_spent' };
const ROW = { api: 'orders', client: 'gold', contract: 'gold-orders', tier: 'gold', policy: '', reason: '' };

function open(options: Partial<LedgerOptions> = {}) {
  const time = { wall: START, mono: 5000 };
  const settled: [Cell, Missing][] = [];
  const ledger = new Ledger({
    clock: { now: () => time.wall, monotonic: () => time.mono },
    spanMs: 10_000,
    isBroken: () => false,
    settled: (cell, missing) => settled.push([cell, missing]),
    ...options,
  });
  let next = 0;
  /** Of one contract there is one object. */
  const decisions = new Map<object, Decision>();
  const decide = (told: object = GOLD, destination = ENVOY): number => {
    const decision = decisions.get(told) ?? decisionOf(told as never);
    decisions.set(told, decision);
    ledger.decided(next, decision, destination);
    return next++;
  };
  const pass = (ms: number): void => {
    time.wall += ms;
    time.mono += ms;
  };
  /** Ten seconds pass, and again. */
  const turns = (count: number): CompletenessPart[] =>
    Array.from({ length: count }, () => {
      pass(10_000);
      return ledger.turn();
    }).flat();
  return { ledger, decide, pass, turns, time, settled };
}

const sums = (parts: readonly CompletenessPart[]) => {
  const total = { decided: 0, reported: 0, unreported: 0, unknown: 0 };
  for (const part of parts) for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += part[name];
  return total;
};

describe('of the decisions of a span', () => {
  test('those whose entry comes are reported, each once; the others are unreported after a minute, by their key', () => {
    const { ledger, decide, turns } = open();
    const all = [decide(), decide(), decide(), decide(DENIED), decide(DENIED)];
    expect(ledger.credit(all[0]!)).toBe('counted');
    expect(ledger.credit(all[0]!)).toBe('repeated');
    expect(ledger.open).toBe(4);
    expect(turns(1)).toEqual([{ startMs: START, decided: 5, reported: 1, unreported: 0, unknown: 0, rows: [] }]);
    expect(ledger.credit(all[3]!)).toBe('counted');
    expect(sums(turns(5))).toEqual({ decided: 0, reported: 1, unreported: 0, unknown: 0 });
    const [settled] = turns(1);
    expect(settled).toMatchObject({ startMs: START, decided: 0, reported: 0, unreported: 3, unknown: 0 });
    const of = { client: '', contract: '', tier: '', policy: 'orders/limit', reason: 'quota_spent' };
    expect(settled?.rows).toEqual([
      { ...ROW, count: 2 },
      { ...ROW, ...of, count: 1 },
    ]);
    expect(ledger.open).toBe(0);
    expect(turns(3)).toEqual([]);
  });

  test('one whose entry comes late corrects what was told', () => {
    const { ledger, decide, turns } = open();
    const [one, two, three] = [decide(), decide(), decide()];
    ledger.credit(one);
    expect(sums(turns(8))).toEqual({ decided: 3, reported: 1, unreported: 2, unknown: 0 });
    turns(300);
    expect([ledger.credit(two), ledger.credit(two), ledger.credit(three)]).toEqual(['late', 'repeated', 'late']);
    expect(turns(1)).toEqual([
      { startMs: START, decided: 0, reported: 2, unreported: -2, unknown: 0, rows: [{ ...ROW, count: -2 }] },
    ]);
    turns(1);
    expect(ledger.credit(three)).toBe('repeated');
  });

  test('nobody can say of those whose Envoy never told of any, or told of others by which ours went elsewhere', () => {
    const { ledger, decide, turns, time } = open();
    const silent = decide(GOLD, '10.9.9.9:80');
    const known = decide();
    ledger.credit(known);
    expect(sums(turns(8))).toEqual({ decided: 2, reported: 1, unreported: 0, unknown: 1 });
    expect(ledger.credit(silent)).toBe('expired');
    decide();
    ledger.destination(ENVOY).foreignAt = time.mono;
    expect(sums(turns(8))).toEqual({ decided: 1, reported: 0, unreported: 0, unknown: 1 });
    const broken = open({ isBroken: () => true });
    broken.ledger.credit(broken.decide());
    broken.decide();
    expect(sums(broken.turns(8))).toEqual({ decided: 2, reported: 1, unreported: 0, unknown: 1 });
  });

  test('an entry that claims something else than what was decided takes nothing from the right one', () => {
    const { ledger, decide } = open();
    const one = decide();
    const claim = { api: 'orders', clientId: 'gold-id', decision: 'allow' };
    for (const wrong of [{ api: 'other' }, { clientId: 'silver-id' }, { decision: 'deny' }]) {
      expect(ledger.credit(one, { ...claim, ...wrong })).toBe('mismatched');
    }
    expect(ledger.credit(one, claim)).toBe('counted');
  });
});

test('a clock that is set back or ahead loses no decision and counts none twice', () => {
  const { ledger, decide, turns, time } = open();
  const parts: CompletenessPart[] = [];
  const all: number[] = [];
  for (const jump of [0, -3_600_000, 86_400_000, -50_000_000, 0]) {
    time.wall += jump;
    all.push(decide(), decide());
    parts.push(...turns(1));
  }
  for (const sequence of all) if (sequence % 2 === 0) expect(ledger.credit(sequence)).toBe('counted');
  parts.push(...turns(9));
  expect(sums(parts)).toEqual({ decided: 10, reported: 5, unreported: 5, unknown: 0 });
  expect(parts.every(({ startMs }) => startMs % 10_000 === 0)).toBe(true);
});

test('whatever comes when, the sums are those of the decisions, and rows those of the unreported', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('decide' as const) },
    { weight: 4, arbitrary: fc.nat({ max: 400 }) },
    { weight: 1, arbitrary: fc.constant('turn' as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const { ledger, decide, turns } = open();
      const parts: CompletenessPart[] = [];
      let decided = 0;
      const reported = new Set<number>();
      for (const one of steps) {
        if (one === 'decide') {
          decide(decided % 3 === 0 ? DENIED : GOLD);
          decided++;
        } else if (one === 'turn') parts.push(...turns(1));
        else if (one < decided) {
          const credit = ledger.credit(one);
          if (reported.has(one)) expect(credit).toBe('repeated');
          if (credit === 'counted' || credit === 'late') reported.add(one);
        }
      }
      parts.push(...turns(9));
      const total = sums(parts);
      expect(total.decided).toBe(decided);
      expect(total.reported).toBe(reported.size);
      expect(total.unreported + total.unknown).toBe(decided - reported.size);
      const rows = parts.flatMap((part) => part.rows).reduce((sum, { count }) => sum + count, 0);
      expect(rows).toBe(total.unreported);
    }),
    { numRuns: 200 },
  );
});

test('millions of decisions without an entry are forgotten from the oldest on, and stay told', () => {
  const { ledger, decide, turns } = open();
  ledger.credit(decide());
  const decision = decisionOf(GOLD);
  let sequence = 1;
  const parts: CompletenessPart[] = [];
  for (let span = 0; span < 5; span++) {
    for (let i = 0; i < 1_000_000; i++) ledger.decided(sequence++, decision, ENVOY);
    parts.push(...turns(1));
  }
  parts.push(...turns(8));
  expect(sums(parts)).toEqual({ decided: 5_000_001, reported: 1, unreported: 5_000_000, unknown: 0 });
  expect(ledger.credit(1)).toBe('expired');
  expect(ledger.credit(sequence - 1)).toBe('late');
}, 60_000);
