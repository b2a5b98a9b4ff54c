import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/pipeline.ts';
import { createAnswerWriter } from '../../src/envoy/write-answer.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { FewByText } from '../../src/policy/few-by-text.ts';
import type { Check } from '../../src/request/check.ts';
import { document, snapshotOf } from '../document/documents.ts';
import { checkOf, portsOf } from './fixtures.ts';

describe('what was found by text', () => {
  it('is kept of few texts, and of short ones alone', () => {
    const few = new FewByText<string>(2);
    const found: string[] = [];
    const ask = (text: string) => few.of(text, (one) => (found.push(one), `of ${one}`));
    expect([ask('a'), ask('a'), ask('b'), ask('c')]).toEqual(['of a', 'of a', 'of b', 'of c']);
    expect([found, few.size]).toEqual([['a', 'b', 'c'], 1]);
    const long = 'x'.repeat(1000);
    expect([ask(long), ask(long), few.size]).toEqual([`of ${long}`, `of ${long}`, 1]);
    expect(found.slice(3)).toEqual([long, long]);
  });
});

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

const LONG = 50_000;

/** How much more memory a flood of different requests leaves behind. */
async function leftBehind(policies: readonly object[], checkFor: (index: number) => Check): Promise<number> {
  const snapshot = await snapshotOf({ 'api.json': document('Api', 'orders', { policies }) }, { policyKinds });
  const write = createAnswerWriter();
  const ports = portsOf();
  const flood = async (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const check = checkFor(i);
      write(await decide(snapshot, check, ports, Infinity), check, snapshot.reasons);
    }
  };
  await flood(0, 10);
  const before = heapBytes();
  await flood(10, 210);
  return heapBytes() - before;
}

const longText = (index: number) => Buffer.alloc(LONG, `${index}-`).toString('latin1');

describe('a flood of long texts leaves little behind', () => {
  const cases: readonly (readonly [string, readonly object[], (index: number) => Check])[] = [
    [
      'origins',
      [{ policyRef: { name: 'cors' }, config: { originGroups: [{ origins: ['https://shop.example.com'] }] } }],
      (index) => checkOf({ path: '/orders/1', headers: { origin: `https://${longText(index)}` } }),
    ],
    [
      'names of headers that are removed',
      [{ policyRef: { name: 'header-removal' }, config: { inboundHeaders: ['x-internal.*'] } }],
      (index) => {
        // By no object's key, which V8 would keep.
        const name = `x-internal-${longText(index)}`;
        return { ...checkOf({ path: '/orders/1' }), headerNamesMeant: (meant) => [meant.of(name) ?? ''] };
      },
    ],
  ];
  it.each(cases)('%s', async (_, policies, checkFor) => {
    // 200 of them: all would be 10 MB.
    expect(await leftBehind(policies, checkFor)).toBeLessThan(4_000_000);
  });
});
