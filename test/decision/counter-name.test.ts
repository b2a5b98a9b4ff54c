import { expect, test } from 'vitest';
import { counterNames } from '../../src/decision/counter-name.ts';
import type { QuotaPolicy } from '../../src/policy/policy.ts';
import type { Bound } from '../../src/snapshot/snapshot.ts';
import { apiOf } from '../policy/fixtures.ts';

const policy: QuotaPolicy = {
  phase: 'quota',
  identityHeaders: [],
  exposeHeaders: false,
  onStoreFailure: 'deny',
  demand: () => ({ key: 'k', limits: [], cost: 1 }),
  demandFor: () => undefined,
};

function quota(name: string, mode: 'enforce' | 'shadow' = 'enforce'): Bound<QuotaPolicy> {
  return { name, kind: 'rate-limiting', order: 1, mode, onFailure: 'deny', rules: undefined, policy };
}

test('a policy bound to two APIs counts apart, whichever is asked for in between', () => {
  const shared = quota('fair-use');
  const [orders, users] = [apiOf({ name: 'orders', quota: [shared] }), apiOf({ name: 'users', quota: [shared] })];
  for (let i = 0; i < 3; i++) {
    expect(counterNames(orders, shared).of('k')).toEqual({ slot: 'orders:k', key: 'orders:fair-use:k' });
    expect(counterNames(users, shared).of('k')).toEqual({ slot: 'users:k', key: 'users:fair-use:k' });
  }
});

test('policies of one API count apart, and share a slot', () => {
  const [fair, fast] = [quota('fair-use'), quota('fast')];
  const api = apiOf({ name: 'orders', quota: [fair, fast] });
  expect(counterNames(api, fair).of('k')).toEqual({ slot: 'orders', key: 'orders:fair-use:k' });
  expect(counterNames(api, fast).of('k')).toEqual({ slot: 'orders', key: 'orders:fast:k' });
});

test('a policy in shadow mode counts apart from the same one enforced, and does not move its counters', () => {
  const [fair, tried] = [quota('fair-use'), quota('fair-use', 'shadow')];
  const api = apiOf({ name: 'orders', quota: [fair, tried] });
  expect(counterNames(api, fair).of('k')).toEqual({ slot: 'orders:k', key: 'orders:fair-use:k' });
  expect(counterNames(api, tried).of('k')).toEqual({ slot: 'orders:shadow:k', key: 'orders:shadow:fair-use:k' });
});

test('keys that callers choose are not kept without bound, and keep their names', () => {
  const one = quota('fair-use');
  const api = apiOf({ name: 'orders', quota: [one] });
  const first = counterNames(api, one).of('first');
  expect(counterNames(api, one).of('first')).toBe(first);
  for (let i = 0; i < 10_000; i++) counterNames(api, one).of(`k${i}`);
  expect(counterNames(api, one).of('first')).not.toBe(first);
  expect(counterNames(api, one).of('first')).toEqual(first);
});
