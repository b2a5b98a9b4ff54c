import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demandOf } from '../../src/decision/charging.ts';
import rateLimiting from '../../src/policies/rate-limiting.ts';
import type { Demand, Keyspace } from '../../src/quota/store.ts';
import { quotaPolicy, request } from '../policies/rate-limiting-request.ts';
import { apiOf, bound } from '../policy/fixtures.ts';

const RATE_LIMITS = [{ maximumRequests: 10, timePeriodInMilliseconds: 1000 }];
const KEY_SELECTOR = "#[attributes.headers['x-user']]";

function demand(config: object, headers: Record<string, string>, mode: 'enforce' | 'shadow' = 'enforce'): Demand {
  const policy = quotaPolicy(rateLimiting, { rateLimits: RATE_LIMITS, ...config });
  const charge = policy.demand(request(headers));
  if (charge.reason !== undefined) throw new Error(charge.detail);
  const one = bound('rl', policy, { mode });
  return demandOf(apiOf({ name: 'shop', quota: [one] }), one, charge);
}

describe('the keyspace of a demand', () => {
  it('is that of its API and policy, whatever the caller chooses', () => {
    const keyspaces: (Keyspace | undefined)[] = [];
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (user) => {
        keyspaces.push(demand({ keySelector: KEY_SELECTOR }, { 'x-user': user }).keyspace);
      }),
    );
    for (const keyspace of keyspaces) expect(keyspace).toEqual({ name: 'shop:rl', isShadow: false });
  });

  it('is another one in shadow mode', () => {
    const { keyspace } = demand({ keySelector: KEY_SELECTOR }, { 'x-user': 'a' }, 'shadow');
    expect(keyspace?.isShadow).toBe(true);
    expect(keyspace?.name).not.toBe(demand({ keySelector: KEY_SELECTOR }, { 'x-user': 'a' }).keyspace?.name);
  });

  it('is none where the configuration bounds the keys', () => {
    expect(demand({}, {}).keyspace).toBeUndefined();
    expect(demand({ keySelector: KEY_SELECTOR }, {}).keyspace).toBeUndefined();
  });

  it('is the one that an operator asks for by the same key', () => {
    const policy = quotaPolicy(rateLimiting, { rateLimits: RATE_LIMITS, keySelector: KEY_SELECTOR });
    const one = bound('rl', policy);
    const api = apiOf({ name: 'shop', quota: [one] });
    const none = { contract: () => undefined } as never;
    const charge = policy.demandFor({ api: 'shop', clientId: '', key: 'a' }, none);
    if (charge === undefined) throw new Error('no counter');
    expect(demandOf(api, one, charge)).toEqual(demand({ keySelector: KEY_SELECTOR }, { 'x-user': 'a' }));
  });
});
