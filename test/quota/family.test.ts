import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demandOf } from '../../src/decision/charging.ts';
import rateLimiting from '../../src/policies/rate-limiting.ts';
import { familyOf, isShadow } from '../../src/quota/family.ts';
import { quotaPolicy, request } from '../policies/rate-limiting-request.ts';
import { apiOf, bound } from '../policy/fixtures.ts';

const rateLimits = [{ maximumRequests: 10, timePeriodInMilliseconds: 1000 }];
const keySelector = "#[attributes.headers['x-user']]";

function keyOf(config: object, headers: Record<string, string>, mode: 'enforce' | 'shadow' = 'enforce'): string {
  const policy = quotaPolicy(rateLimiting, { rateLimits, ...config });
  const charge = policy.demand(request(headers));
  if (charge.reason !== undefined) throw new Error(charge.detail);
  const one = bound('rl', policy, { mode });
  return demandOf(apiOf({ name: 'shop', quota: [one] }), one, charge).key;
}

describe('the family of a key', () => {
  it('is that of its API and policy, whatever the caller chooses', () => {
    const families = new Set<string | undefined>();
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (user) => {
        families.add(familyOf(keyOf({ keySelector }, { 'x-user': user })));
      }),
    );
    expect(families.size).toBe(1);
    const [family] = families;
    expect(family).toBe('shop:rl');
    expect(isShadow(family ?? '')).toBe(false);
  });

  it('is another one in shadow mode', () => {
    const family = familyOf(keyOf({ keySelector }, { 'x-user': 'a' }, 'shadow')) ?? '';
    expect(isShadow(family)).toBe(true);
    expect(family).not.toBe(familyOf(keyOf({ keySelector }, { 'x-user': 'a' })));
  });

  it('is none where the configuration bounds the keys', () => {
    expect(familyOf(keyOf({}, {}))).toBeUndefined();
    expect(familyOf(keyOf({ keySelector }, {}))).toBeUndefined();
    expect(familyOf('shop:sla:acme')).toBeUndefined();
  });
});
