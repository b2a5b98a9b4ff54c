import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/decision/decision.ts';
import { decide } from '../../src/decision/pipeline.ts';
import type { Charge } from '../../src/policy/policy.ts';
import type { Demand } from '../../src/quota/store.ts';
import { apiOf, bound, checkOf, grantAll, portsOf, quota, snapshotOf } from '../policy/fixtures.ts';

const second = (maximumRequests: number) => ({ maximumRequests, timePeriodInMilliseconds: 1000 });

/** What is decided under these limits, and which counters the store was asked about. */
async function decideUnder(limits: Charge['limits'], mode: 'enforce' | 'shadow' = 'enforce') {
  const asked: string[] = [];
  const take = (demands: readonly Demand[]) => {
    asked.push(...demands.map(({ key }) => key));
    return grantAll(demands, 0);
  };
  const policies = [
    bound('usual', quota({ key: 'x' })),
    bound('special', quota({ demand: () => ({ key: 'y', limits, cost: 1 }) }), { mode }),
  ];
  const decision: Decision = await decide(
    snapshotOf([apiOf({ name: 'a', quota: policies })]),
    checkOf(),
    portsOf({ take }),
    Infinity,
  );
  return { decision, asked };
}

describe('limits that need no store', () => {
  it('pass what is unlimited, and charge the rest', async () => {
    const { decision, asked } = await decideUnder([]);
    expect(decision.denial).toBeUndefined();
    expect(asked).toEqual(['a:usual:x']);
    expect(decision.steps.map(({ name, result }) => [name, result])).toContainEqual(['special', 'allow']);
  });

  it('refuse what has a limit of none, and charge nothing', async () => {
    const { decision, asked } = await decideUnder([second(5), second(0)]);
    expect(decision).toMatchObject({ policy: 'special', denial: { reason: 'cost_above_limit', cost: 1 } });
    expect(asked).toEqual([]);
  });

  it('tell in shadow what they would refuse', async () => {
    const { decision, asked } = await decideUnder([second(0)], 'shadow');
    expect(decision.denial).toBeUndefined();
    expect(asked).toEqual(['a:usual:x']);
    expect(decision.steps).toContainEqual(expect.objectContaining({ name: 'special', mode: 'shadow', result: 'deny' }));
  });
});
