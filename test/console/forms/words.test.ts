import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inWords, labelOf, unitOf } from '../../../console/src/forms/labels.ts';
import { limitsWords, limitWords } from '../../../console/src/forms/limits-words.ts';
import { isLimits, OTHER, periodOf, PERIODS, withPeriod } from '../../../console/src/forms/limit-row.ts';
import { nodeOf } from '../../../console/src/forms/node.ts';
import { faultAt, pathFrom, placeWords } from '../../../console/src/forms/paths.ts';
import { policySchema } from '../../../src/document/json-schema.ts';
import { policyKinds } from '../../../src/policies/index.ts';
import type { PolicyKind } from '../../../src/policy/policy.ts';
import { formatPath } from '../../../src/document/issues.ts';

describe('limits in words', () => {
  it.each([
    [{ maximumRequests: 100, timePeriodInMilliseconds: 1000 }, '100 requests a second'],
    [{ maximumRequests: 10_000, timePeriodInMilliseconds: 86_400_000 }, '10,000 requests a day'],
    [{ maximumRequests: 1, timePeriodInMilliseconds: 3_600_000 }, '1 request an hour'],
    [{ maximumRequests: 50, timePeriodInMilliseconds: 10_000 }, '50 requests in 10 seconds'],
    [{ maximumRequests: 5, timePeriodInMilliseconds: 1500 }, '5 requests in 1,500 milliseconds'],
    [
      { maximumRequests: 9, calendar: 'month', timeZone: 'Europe/Berlin' },
      '9 requests each calendar month (Europe/Berlin)',
    ],
  ])('%j', (limit, words) => {
    expect(limitWords(limit)).toBe(words);
  });

  it('are joined to a sentence', () => {
    const limits = [
      { maximumRequests: 100, timePeriodInMilliseconds: 1000 },
      { maximumRequests: 10_000, timePeriodInMilliseconds: 86_400_000 },
    ];
    expect(limitsWords(limits)).toBe('100 requests a second and 10,000 a day');
    expect(limitsWords('unlimited')).toBe('no limit');
  });
});

describe('fields', () => {
  it('have names for people, and units beside them', () => {
    expect(labelOf('timePeriodInMilliseconds')).toBe('Time period');
    expect(unitOf('timePeriodInMilliseconds', '')).toBe('ms');
    expect(labelOf('jwksUrl')).toBe('JWKS URL');
    expect(labelOf('ldapServerUserDn')).toBe('LDAP server user DN');
    expect(unitOf('jwksServiceTimeToLive', 'Minutes that a key set is fresh')).toBe('min');
    expect(inWords(60_000, 'ms')).toBe('1 minute');
    expect(inWords(90, 'min')).toBeUndefined();
    expect(inWords(1440, 'min')).toBe('1 day');
  });
});

describe('a limit in a line', () => {
  it('keeps what else it says when its period changes', () => {
    const limit = { name: 'burst', maximumRequests: 5, timePeriodInMilliseconds: 1000 };
    expect(periodOf(limit)).toBe('1000');
    expect(withPeriod(limit, '86400000')).toEqual({ ...limit, timePeriodInMilliseconds: 86_400_000 });
    const monthly = withPeriod(limit, 'month');
    expect(monthly).toEqual({ name: 'burst', maximumRequests: 5, calendar: 'month' });
    expect(periodOf(monthly)).toBe('month');
    for (const period of [...PERIODS.map(([each]) => each), OTHER])
      expect(periodOf(withPeriod(limit, period))).toBe(period);
    expect(periodOf({ maximumRequests: 1 })).toBe(OTHER);
  });

  it('is found in every kind that has limits', () => {
    const rate = nodeOf(policySchema(policyKinds.get('rate-limiting') as PolicyKind));
    const limits = rate.kind === 'group' ? rate.fields.find(({ name }) => name === 'rateLimits')?.node : undefined;
    expect(limits?.kind === 'either' && limits.options.some(isLimits)).toBe(true);
  });
});

describe('places of faults', () => {
  it('are read as the control plane writes them', () => {
    const parts = fc.oneof(
      fc.constantFrom('spec', 'policies', 'x-y'),
      fc.nat(20),
      fc.string({ minLength: 1, maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(parts, { minLength: 1 }), (path) => {
        expect(pathFrom(formatPath(path))).toEqual(path);
      }),
    );
  });

  it('are told by the policy that they are in', () => {
    const document = { spec: { policies: [{ policyRef: { name: 'rate-limiting' } }] } };
    expect(placeWords(document, pathFrom('spec.policies[0].config.rateLimits[1].maximumRequests'))).toBe(
      'Rate limiting › Rate limits › 2 › Maximum requests',
    );
    expect(placeWords(document, pathFrom('spec.policies[0]'))).toBe('Policy 1: Rate limiting');
    expect(placeWords(document, pathFrom('spec.basePath'))).toBe('Base path');
  });

  it('are shown at the input of the field, or the nearest above', () => {
    const faults = [{ path: pathFrom('spec.policies[0].config.rateLimits[0].maximumRequests'), message: 'is missing' }];
    expect(faultAt(faults, ['spec', 'policies', 0, 'config', 'rateLimits', 0, 'maximumRequests'], true)).toBe(
      'is missing',
    );
    expect(faultAt(faults, ['spec', 'policies', 0, 'config', 'rateLimits'], false)).toBeUndefined();
    expect(faultAt(faults, ['spec', 'policies', 0, 'config', 'rateLimits'], true)).toBe('is missing');
    expect(faultAt(faults, ['spec', 'policies', 1], true)).toBeUndefined();
  });
});
