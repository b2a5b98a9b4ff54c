import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { document, faultsOf } from './documents.ts';

const options = { policyKinds, environment: policyEnvironment(), env: {}, clock: systemClock };

const tokens = {
  policyRef: { name: 'jwt-validation' },
  config: {
    signingMethod: 'hmac',
    textKey: 'x'.repeat(32),
    skipClientIdValidation: true,
    claimsToHeaders: [{ claim: 'sub', header: 'x-user' }],
  },
};
const CLIENTS = { policyRef: { name: 'client-id-enforcement' } };
const limits = (keySelector: string, fields: object = {}): object => ({
  policyRef: { name: 'rate-limiting' },
  config: { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }], keySelector },
  ...fields,
});
const BY_USER = "#[attributes.headers['x-user']]";

/** The faults of an API with these policies, beside another that has the tokens. */
async function faults(policies: readonly object[]): Promise<string[]> {
  return faultsOf(
    {
      'a.json': JSON.stringify(document('Api', 'a', { basePath: '/a', policies })),
      'b.json': JSON.stringify(document('Api', 'b', { basePath: '/b', policies: [tokens] })),
    },
    options,
  );
}

describe('a header that policies set for upstreams', () => {
  it.each([
    ['read where nothing sets it', [limits(BY_USER)], /policies\[0\]\.config\.keySelector: reads the header x-user/],
    ['read in another spelling', [limits("#[attributes.headers['X_User']]")], /reads the header x_user/],
    ['of ostiary itself', [limits("#[attributes.headers['x-ostiary-client-id']]")], /x-ostiary-client-id/],
    [
      'read by a policy before the one that sets it',
      [{ ...CLIENTS, rules: [{ headers: { 'x-user': '.+' } }] }, tokens],
      /policies\[0\]\.rules\[0\]\.headers: reads the header x-user/,
    ],
    [
      'set in shadow mode alone',
      [{ ...tokens, mode: 'shadow' }, limits(BY_USER)],
      /no earlier enforced policy of the API a/,
    ],
    ['read as a credential', [{ ...CLIENTS, config: { clientIdExpression: BY_USER } }], /clientIdExpression: reads/],
    [
      'read as a cost',
      [
        {
          ...limits('x'),
          config: { rateLimits: [{ maximumRequests: 9, timePeriodInMilliseconds: 9 }], cost: BY_USER },
        },
      ],
      /config\.cost: reads/,
    ],
    [
      'where a token is looked for',
      [
        tokens,
        {
          ...tokens,
          name: 'second',
          config: { ...tokens.config, jwtOrigin: 'customExpression', jwtExpression: BY_USER, claimsToHeaders: [] },
        },
      ],
      /jwtExpression: reads .*choose another header/,
    ],
  ])('is a fault where it is %s', async (_what, policies, message) => {
    expect(await faults(policies)).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    ['an earlier policy sets it', [tokens, limits(BY_USER)]],
    ['quota is counted by it, whatever the order', [limits(BY_USER, { order: 1 }), tokens]],
    ['both are in shadow mode', [{ ...tokens, mode: 'shadow' }, limits(BY_USER, { mode: 'shadow' })]],
    ['it is another header', [limits("#[attributes.headers['x-users']]")]],
    ['a rule of a later policy reads it', [tokens, { ...CLIENTS, rules: [{ headers: { 'x-user': '.+' } }] }]],
  ])('may be read where %s', async (_what, policies) => {
    expect(await faults(policies)).toEqual([]);
  });
});
