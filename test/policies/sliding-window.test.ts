import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyKinds } from '../../src/policies/index.ts';
import { SlidingWindow } from '../../src/policies/sliding-window.ts';
import { document, faultsOf } from '../document/documents.ts';

const TWO = { maximumRequests: 2, timePeriodInMilliseconds: 100 };

describe('a sliding window', () => {
  it('never lets more through than a log of all admissions would', () => {
    const arrivals = fc.array(fc.nat({ max: 40 }), { maxLength: 300 });
    const property = fc.property(arrivals, fc.integer({ min: 1, max: 40 }), (gaps, maximum) => {
      const window = new SlidingWindow(maximum, 100);
      const admitted: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        const counted = admitted.filter((at) => at > now - 100).length;
        expect(window.remaining(now)).toBe(maximum - counted);
        expect(window.take(now)).toBe(counted < maximum);
        if (counted < maximum) admitted.push(now);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('tells when one has a place that others go before', () => {
    const window = new SlidingWindow(2, 100);
    expect([0, 1, 2, 3, 4].map((before) => window.freeAt(before, 10))).toEqual([10, 10, 110, 110, 210]);
    window.take(10);
    window.take(40);
    expect([0, 1, 2, 3, 4].map((before) => window.freeAt(before, 50))).toEqual([110, 140, 210, 240, 310]);
  });
});

describe('a document is refused', () => {
  it.each([
    ['a delay for which no queue is', { ...TWO, delayTimeInMillis: 10 }, 'delayTimeInMillis: has no effect'],
    ['a queue in which nobody waits', { ...TWO, queuingLimit: 10 }, 'queuingLimit: has no effect'],
    ['no limit', { timePeriodInMilliseconds: 10 }, 'maximumRequests'],
    ['more than is remembered', { ...TWO, maximumRequests: 2_000_000 }, 'maximumRequests'],
  ])('that has %s', async (_, config, fault) => {
    const api = document('Api', 'orders', { policies: [{ policyRef: { name: 'spike-control' }, config }] });
    expect((await faultsOf({ 'a.json': api }, { policyKinds })).join('\n')).toContain(fault);
  });
});
