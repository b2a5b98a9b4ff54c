import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../src/listen/budget.ts';

describe('a budget', () => {
  it('gives one that is alone half, and n that take all they can an n-plus-first part each', () => {
    for (const count of [1, 2, 3, 10, 60]) {
      const budget = new Budget(100_000);
      const shares = Array.from({ length: count }, () => budget.share());
      for (let round = 0; round < 100_000; round++) {
        if (!shares.map((share) => share.take(1)).includes(true)) break;
      }
      for (const { held } of shares) expect(held).toBeGreaterThanOrEqual(Math.floor(100_000 / (count + 1)) - 1);
      expect(budget.share().take(Math.floor(100_000 / (count + 1) / 2) - count)).toBe(true);
    }
  });

  it('leaves a part for those that need little, whatever the others hold', () => {
    const budget = new Budget(8000, 10);
    const greedy = Array.from({ length: 100 }, () => budget.share());
    // One after the other takes all that it can get.
    for (const share of greedy.slice(0, 20)) while (share.take(1));
    // The last of them are small themselves.
    expect(budget.free).toBeGreaterThanOrEqual(900);
    for (const share of greedy.slice(20)) {
      expect(share.take(10)).toBe(true);
      expect(share.take(1)).toBe(false);
    }
    expect(budget.free).toBeGreaterThanOrEqual(100);
  });

  it('has what was given back, and never gives more than there is', () => {
    const step = fc.record({ who: fc.nat(4), amount: fc.nat(400), gives: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const budget = new Budget(1000);
        const shares = Array.from({ length: 5 }, () => budget.share(300));
        for (const { who, amount, gives } of steps) {
          const share = shares[who]!;
          if (gives) share.give(Math.min(amount, share.held));
          else share.take(amount);
          expect(share.held).toBeLessThanOrEqual(300);
          expect(budget.free).toBeGreaterThanOrEqual(0);
          expect(shares.reduce((sum, { held }) => sum + held, budget.free)).toBe(1000);
        }
      }),
    );
  });
});
