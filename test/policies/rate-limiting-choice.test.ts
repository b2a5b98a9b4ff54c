import { describe, expect, it } from 'vitest';
import type { Identity } from '../../src/contract/identity.ts';
import rateLimiting from '../../src/policies/rate-limiting.ts';
import type { Charge, Request } from '../../src/policy/policy.ts';
import { policyEnvironment } from './environment.ts';
import { faults, quotaPolicy, request } from './rate-limiting-request.ts';

const second = (maximumRequests: number) => ({ maximumRequests, timePeriodInMilliseconds: 1000 });
const day = (maximumRequests: number) => ({ maximumRequests, calendar: 'day' });
const rateLimits = [second(10)];

function charge(config: object, asked: Request = request()): Charge {
  const found = quotaPolicy(rateLimiting, { rateLimits, ...config }).demand(asked);
  if (found.reason !== undefined) throw new Error(found.detail);
  return found;
}
const claiming = (claims: Identity['claims']): Request => request({}, [], claims === undefined ? {} : { claims });
const from = (clientAddress: string): Request => ({ ...request(), clientAddress });

describe('limits by a value of the request', () => {
  const overrides = {
    by: '#[vars.claimSet.plan]',
    limits: { gold: [second(100), day(5000)], trial: [second(2)], internal: 'unlimited' },
  };
  const maxima = ({ limits }: Charge): number[] => limits.map(({ maximumRequests }) => maximumRequests);

  it('are those of the value that is selected, and the usual ones of any other', () => {
    expect(maxima(charge({ overrides }, claiming({ plan: 'gold' })))).toEqual([100, 5000]);
    expect(maxima(charge({ overrides }, claiming({ plan: 'trial' })))).toEqual([2]);
    expect(maxima(charge({ overrides }, claiming({ plan: 'silver' })))).toEqual([10]);
    expect(maxima(charge({ overrides }, claiming({ plan: 'constructor' })))).toEqual([10]);
    expect(maxima(charge({ overrides }))).toEqual([10]);
    expect(maxima(charge({ overrides }, claiming({ plan: 'internal' })))).toEqual([]);
  });

  it('are counted apart from each other', () => {
    const keys = ['gold', 'trial', 'silver', undefined].map((plan) => charge({ overrides }, claiming({ plan })).key);
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe(keys[3]);
  });

  it('are the strictest of all where CEL fails', () => {
    const byCel = { ...overrides, by: { cel: 'claims.plan' } };
    expect(maxima(charge({ overrides: byCel }, claiming({ plan: 'gold' })))).toEqual([100, 5000]);
    const failed = charge({ overrides: byCel }, claiming({}));
    expect(failed.limits).toMatchObject([{ maximumRequests: 2 }, { maximumRequests: 5000, calendar: { unit: 'day' } }]);
    const others = ['gold', 'trial', 'other'].map((plan) => charge({ overrides: byCel }, claiming({ plan })).key);
    expect(others).not.toContain(failed.key);
  });

  it('are warned of where callers choose the value', () => {
    const told = (by: unknown) =>
      rateLimiting.warnings?.({ rateLimits, overrides: { ...overrides, by } }, policyEnvironment());
    expect(told("#[attributes.headers['x-plan']]")).toMatchObject([{ path: ['overrides', 'by'] }]);
    expect(told({ cel: 'request.query.plan' })).toMatchObject([{ path: ['overrides', 'by'] }]);
    expect(told('#[vars.claimSet.plan]')).toEqual([]);
    expect(told({ cel: 'tier.name' })).toEqual([]);
  });

  it('say what is wrong with them', () => {
    expect(
      faults(rateLimiting, { rateLimits, overrides: { by: '#[payload.x]', limits: { a: [second(1)] } } })[0],
    ).toMatch(/^overrides.by: the expression "#\[payload.x]" is not supported/);
    expect(faults(rateLimiting, { rateLimits, overrides: { by: 'x', limits: {} } })).toEqual([
      'overrides.limits: names no value',
    ]);
  });
});

describe('keys of several parts', () => {
  const keySelector = ["#[attributes.headers['x-user']]", '#[attributes.method]', { cel: 'request.path' }];

  it('tell requests apart by each part, however the parts are spelled', () => {
    const keyOf = (user: string) =>
      charge({ keySelector: [keySelector[0], keySelector[0]] }, request({ 'x-user': user })).key;
    expect(keyOf('a')).toBe(keyOf('a'));
    expect(keyOf('a')).not.toBe(keyOf('b'));
    const both = (a: string, b: string): string =>
      charge({ keySelector: ["#[attributes.headers['a']]", "#[attributes.headers['b']]"] }, request({ a, b })).key;
    expect(both('x","y', 'z')).not.toBe(both('x', 'y","z'));
    expect(both('xy', 'z')).not.toBe(both('x', 'yz'));
  });

  it('put requests that lack a part into the bucket without a key', () => {
    expect(charge({ keySelector }).key).toBe(charge({ keySelector: keySelector[0] }).key);
    expect(charge({ keySelector }, request({ 'x-user': 'a' })).isKeyChosen).toBe(true);
  });

  it('are told by their place where one is wrong', () => {
    expect(faults(rateLimiting, { rateLimits, keySelector: ['#[attributes.method]', '#[payload]'] })[0]).toMatch(
      /^keySelector.1: the expression "#\[payload]" is not supported/,
    );
    expect(faults(rateLimiting, { rateLimits, keySelector: [] })).toHaveLength(1);
  });
});

describe('keys by the address of the caller', () => {
  const spellings = ['#[attributes.remoteAddress]', { cel: 'request.address' }, ['#[ attributes.remoteAddress ]']];

  it.each(spellings)('take the network of an IPv6 address: %j', (keySelector) => {
    const keyOf = (address: string, more: object = {}): string => charge({ keySelector, ...more }, from(address)).key;
    expect(keyOf('2001:db8:1:2::1')).toBe(keyOf('2001:db8:1:2:ffff:ffff:ffff:ffff'));
    expect(keyOf('2001:db8:1:2::1')).not.toBe(keyOf('2001:db8:1:3::1'));
    expect(keyOf('2001:db8:1:2::1', { ipv6PrefixLength: 128 })).not.toBe(
      keyOf('2001:db8:1:2::2', { ipv6PrefixLength: 128 }),
    );
    expect(keyOf('2001:db8:1:2::1', { ipv6PrefixLength: 48 })).toBe(keyOf('2001:db8:1:3::1', { ipv6PrefixLength: 48 }));
    expect(keyOf('2001:db8:1:2::1', { ipv6PrefixLength: 48 })).not.toBe(
      keyOf('2001:db8:2:2::1', { ipv6PrefixLength: 48 }),
    );
    expect(keyOf('2001:db8:1:2::1', { ipv6PrefixLength: 33 })).toBe(keyOf('2001:db8:7fff::', { ipv6PrefixLength: 33 }));
    expect(keyOf('2001:db8:1:2::1', { ipv6PrefixLength: 33 })).not.toBe(
      keyOf('2001:db8:8000::', { ipv6PrefixLength: 33 }),
    );
    expect(keyOf('192.0.2.1')).not.toBe(keyOf('192.0.2.2'));
  });

  it('are told of to those who come from 0.1', () => {
    const told = (config: object) => rateLimiting.upgradeNotes?.({ rateLimits, ...config }, policyEnvironment()) ?? [];
    expect(told({ keySelector: '#[attributes.remoteAddress]' })).toMatchObject([{ id: 'ipv6-prefix' }]);
    expect(told({ keySelector: '#[attributes.remoteAddress]', ipv6PrefixLength: 64 })).toEqual([]);
    expect(told({ keySelector: '#[attributes.method]' })).toEqual([]);
    expect(told({})).toEqual([]);
  });
});
