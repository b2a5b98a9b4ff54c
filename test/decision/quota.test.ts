import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/decision/decision.ts';
import { decide } from '../../src/decision/pipeline.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { Demand } from '../../src/quota/store.ts';
import { apiOf, bound, checkOf, grantAll, portsOf, quota, snapshotOf } from '../policy/fixtures.ts';

async function decideBy(api: Parameters<typeof apiOf>[0], ports = portsOf()): Promise<Decision> {
  return decide(snapshotOf([apiOf(api)]), checkOf(), ports, Infinity);
}

describe('quota policies', () => {
  it('are decided together in one call, in one slot', async () => {
    const taken: Demand[][] = [];
    const take: typeof grantAll = (demands) => (taken.push([...demands]), grantAll(demands, 0));
    const decision = await decideBy(
      { name: 'a', quota: [bound('q1', quota({ key: 'x', exposeHeaders: true })), bound('q2', quota({ key: 'y' }))] },
      portsOf({ take }),
    );
    expect(taken.map((demands) => demands.map(({ slot, key }) => [slot, key]))).toEqual([
      [
        ['a', 'a:q1:x'],
        ['a', 'a:q2:y'],
      ],
    ]);
    expect(decision.exposed).toHaveLength(1);
  });

  it('deny with the windows of the one that is spent', async () => {
    const decision = await decideBy(
      { name: 'a', quota: [bound('q1', quota()), bound('q2', quota({ cost: 3 }))] },
      portsOf({
        take: (demands) => ({
          granted: false,
          windows: demands.map(({ limits }, i) =>
            limits.map((limit) => ({ limit, remaining: i === 0 ? 9 : 2, resetMs: 5 })),
          ),
        }),
      }),
    );
    expect(decision).toMatchObject({
      policy: 'q2',
      denial: { reason: 'quota_spent', cost: 3, windows: [{ remaining: 2 }] },
    });
    expect(Object.fromEntries(decision.steps.map(({ name, result }) => [name, result]))).toEqual({
      q1: 'not_reached',
      q2: 'deny',
    });
  });

  it('deny with the windows of the one that refuses for longest', async () => {
    const decision = await decideBy(
      { name: 'a', quota: [bound('short', quota()), bound('long', quota())] },
      portsOf({
        take: (demands) => ({
          granted: false,
          windows: demands.map(({ limits }, i) =>
            limits.map((limit) => ({ limit, remaining: 0, resetMs: i === 0 ? 5 : 5000 })),
          ),
        }),
      }),
    );
    expect(decision).toMatchObject({ policy: 'long', denial: { windows: [{ resetMs: 5000 }] } });
    expect(decision.steps.map(({ result }) => result)).toEqual(['deny', 'deny']);
  });

  it('deny for ever what costs more than a window ever holds, whatever else is spent', async () => {
    const decision = await decideBy(
      { name: 'a', quota: [bound('spent', quota()), bound('small', quota({ cost: 11 }))] },
      portsOf({
        take: (demands) => ({
          granted: false,
          windows: demands.map(({ limits }) => limits.map((limit) => ({ limit, remaining: 0, resetMs: 5 }))),
        }),
      }),
    );
    expect(decision).toMatchObject({ policy: 'small', denial: { reason: 'cost_above_limit', cost: 11 } });
    expect(decision.denial?.detail).toContain('a cost of 11 is above the limit of small, 10 in 1000 ms');
  });

  it.each([
    [
      'throws',
      () => {
        throw new StoreUnavailable('away');
      },
    ],
    ['rejects', () => Promise.reject(new StoreUnavailable('away'))],
  ])('follow their own choice when the store %s, and one that denies is enough', async (_how, take) => {
    const q = (onStoreFailure: 'deny' | 'allow') => bound(onStoreFailure, quota({ onStoreFailure }));
    expect((await decideBy({ name: 'a', quota: [q('allow')] }, portsOf({ take }))).denial).toBeUndefined();
    const decision = await decideBy({ name: 'a', quota: [q('allow'), q('deny')] }, portsOf({ take }));
    expect(decision).toMatchObject({ policy: 'deny', denial: { reason: 'store_unavailable' } });
  });

  it('fail by the failure mode of the policy, not of the store', async () => {
    const broken = quota({
      demand: () => {
        throw new Error('boom');
      },
      onStoreFailure: 'allow',
    });
    expect((await decideBy({ name: 'a', quota: [bound('q', broken)] })).denial?.reason).toBe('policy_failed');
    expect((await decideBy({ name: 'a', quota: [bound('q', broken, { onFailure: 'allow' })] })).denial).toBeUndefined();
  });
});
