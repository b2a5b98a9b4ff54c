import { describe, expect, it } from 'vitest';
import type { Denial } from '../../src/denial/denial.ts';
import rateLimiting from '../../src/policies/rate-limiting.ts';
import type { Charge } from '../../src/policy/policy.ts';
import { directory, faults, quotaPolicy, request } from './rate-limiting-request.ts';

const RATE_LIMITS = [{ maximumRequests: 10, timePeriodInMilliseconds: 1000 }];

function charge(config: object, headers: Record<string, string> = {}): Charge {
  const found = quotaPolicy(rateLimiting, { rateLimits: RATE_LIMITS, ...config }).demand(request(headers));
  if (found.reason !== undefined) throw new Error(found.detail);
  return found;
}

describe('rate limiting', () => {
  it('charges one unit to all its limits', () => {
    const { limits, cost } = charge({});
    expect(limits).toEqual(RATE_LIMITS);
    expect(cost).toBe(1);
  });

  it('has one bucket where no key is selected', () => {
    expect(charge({}, { 'x-user': 'a' }).key).toBe(charge({}, { 'x-user': 'b' }).key);
  });

  it('has a bucket for each selected key', () => {
    const keySelector = "#[attributes.headers['x-user']]";
    const keys = [{ 'x-user': 'a' }, { 'x-user': 'b' }, { 'x-user': 'a' }].map(
      (headers) => charge({ keySelector }, headers).key,
    );
    expect(keys[0]).toBe(keys[2]);
    expect(keys[0]).not.toBe(keys[1]);
  });

  it('keeps no key as the caller sent it', () => {
    const { key } = charge({ keySelector: "#[attributes.headers['authorization']]" }, { authorization: 'Bearer abc' });
    expect(key).toMatch(/^[\w-]{22}$/);
  });

  it('puts requests without a key into one bucket that no key can reach', () => {
    const keySelector = "#[attributes.headers['x-user']]";
    const { key } = charge({ keySelector });
    expect(charge({ keySelector }).key).toBe(key);
    expect(charge({ keySelector }, { 'x-user': key }).key).not.toBe(key);
    expect(charge({ keySelector }, { 'x-user': '' }).key).not.toBe(key);
  });

  it('is of the mesh and denies without the store, unless told otherwise', () => {
    expect(charge({}).terms).toEqual({ scope: 'mesh', onStoreFailure: 'deny' });
    expect(charge({ clusterizable: false }).terms?.scope).toBe('replica');
    expect(charge({ blockOnUnknownQuota: false }).terms?.onStoreFailure).toBe('allow');
    expect(charge({ blockOnUnknownQuota: true }).terms?.onStoreFailure).toBe('deny');
    expect(charge({ onStoreFailure: 'local', quota: 'exact' }).terms).toEqual({
      scope: 'mesh',
      quota: 'exact',
      onStoreFailure: 'local',
    });
  });

  it('finds the counter of an operator by the key it would select', () => {
    const policy = quotaPolicy(rateLimiting, {
      rateLimits: RATE_LIMITS,
      keySelector: "#[attributes.headers['x-user']]",
    });
    const asked = policy.demandFor({ api: 'orders', clientId: '', key: 'a' }, directory([]));
    expect(asked?.key).toBe((policy.demand(request({ 'x-user': 'a' })) as Charge).key);
    const without = policy.demandFor({ api: 'orders', clientId: '', key: '' }, directory([]));
    expect(without?.key).toBe((policy.demand(request()) as Charge).key);
  });

  it('has no counter of one client in a bucket that all share', () => {
    const policy = quotaPolicy(rateLimiting, { rateLimits: RATE_LIMITS });
    expect(policy.demandFor({ api: 'orders', clientId: 'abc', key: '' }, directory([]))).toBeUndefined();
  });
});

describe('the cost of a request', () => {
  const cost = "#[attributes.headers['x-cost']]";
  const charged = (value: string | undefined, more: object = {}): Charge | Denial =>
    quotaPolicy(rateLimiting, { rateLimits: RATE_LIMITS, cost, ...more }).demand(
      request(value === undefined ? {} : { 'x-cost': value }),
    );

  it('can be fixed', () => {
    expect(charge({ cost: 7 }).cost).toBe(7);
  });

  it('can be selected from the request', () => {
    expect(charged('5')).toMatchObject({ cost: 5 });
    expect(charged('1000')).toMatchObject({ cost: 1000 });
    expect(charged('20', { maxCost: 20 })).toMatchObject({ cost: 20 });
  });

  it.each([undefined, '', '0', '-1', '1.5', '1e3', '0x10', ' 5', '5,5', '1001', '9007199254740993', 'x'])(
    'is denied where it is %j',
    (value) => {
      expect(charged(value)).toMatchObject({ reason: 'cost_invalid' });
    },
  );

  it('is denied above maxCost', () => {
    expect(charged('21', { maxCost: 20 })).toMatchObject({ reason: 'cost_invalid' });
  });
});

describe('the options of rate limiting', () => {
  it.each([
    [{}, 'rateLimits: Invalid input'],
    [{ rateLimits: [] }, 'rateLimits: Too small'],
    [{ rateLimits: RATE_LIMITS, keySelector: '#[payload]' }, 'keySelector: the expression'],
    [
      { rateLimits: RATE_LIMITS, blockOnUnknownQuota: true, onStoreFailure: 'deny' },
      'blockOnUnknownQuota: says the same thing',
    ],
    [{ rateLimits: RATE_LIMITS, clusterizable: false, quota: 'exact' }, 'quota: has no effect'],
    [{ rateLimits: RATE_LIMITS, cost: 11 }, 'cost: is above the maximumRequests of rateLimits[0]'],
    [{ rateLimits: RATE_LIMITS, cost: 5, maxCost: 4 }, 'cost: is above maxCost'],
    [{ rateLimits: RATE_LIMITS, cost: 0 }, 'cost: '],
    [{ rateLimits: RATE_LIMITS, cost: '#[now()]' }, 'cost: the expression'],
    [{ rateLimits: RATE_LIMITS, burst: 5 }, 'Unrecognized key: "burst"'],
    [{ rateLimits: [{ maximumRequests: -1, timePeriodInMilliseconds: 1 }] }, 'rateLimits.0.maximumRequests: '],
    [{ rateLimits: [{ maximumRequests: 2 ** 53, timePeriodInMilliseconds: 1 }] }, 'rateLimits.0.maximumRequests: '],
    [{ rateLimits: [{ maximumRequests: 1 }] }, 'rateLimits.0.timePeriodInMilliseconds: is missing'],
    [{ rateLimits: [...RATE_LIMITS, ...RATE_LIMITS] }, 'rateLimits.1.timePeriodInMilliseconds: another limit'],
    [
      { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1, calendar: 'day' }] },
      'rateLimits.0.calendar: excludes',
    ],
    [
      { rateLimits: [{ maximumRequests: 1, calendar: 'day', timeZone: 'Mars/Olympus' }] },
      'rateLimits.0.timeZone: "Mars/Olympus" is not a time zone',
    ],
    [
      { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1, timeZone: 'UTC' }] },
      'rateLimits.0.timeZone: has no effect',
    ],
  ])('refuse %j', (config, fault) => {
    expect(faults(rateLimiting, config).join('\n')).toContain(fault);
  });

  it('take calendar windows', () => {
    const limits = [{ maximumRequests: 5, calendar: 'month', timeZone: 'Europe/Berlin' }];
    const found = quotaPolicy(rateLimiting, { rateLimits: limits }).demand(request()) as Charge;
    expect(found.limits[0]).toEqual({
      maximumRequests: 5,
      timePeriodInMilliseconds: 31 * 86_400_000,
      calendar: { unit: 'month', timeZone: 'Europe/Berlin' },
    });
  });
});
