import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { document, faultsOf, warningsOf } from './documents.ts';

const options = { policyKinds, environment: policyEnvironment(), env: {}, clock: systemClock };

const tokens = (fields: object = {}): object => ({
  policyRef: { name: 'jwt-validation' },
  config: {
    signingMethod: 'hmac',
    textKey: 'x'.repeat(32),
    skipClientIdValidation: true,
    claimsToHeaders: [{ claim: 'sub', header: 'x-user' }],
  },
  ...fields,
});
const limits = (when: string, fields: object = {}): object => ({
  policyRef: { name: 'rate-limiting' },
  config: { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] },
  when,
  ...fields,
});

async function faults(policies: readonly object[]): Promise<string[]> {
  return faultsOf({ 'a.json': JSON.stringify(document('Api', 'a', { basePath: '/a', policies })) }, options);
}

describe('a condition in a document', () => {
  it.each([
    [
      'of a variable that there is not',
      [limits('reqest.method == "GET"')],
      /policies\[0\]\.when: the expression at 1:1: there is no variable "reqest"; did you mean "request"\?/,
    ],
    ['of another type', [limits('request.method')], /when: the expression gives a string, and a truth value is needed/],
    [
      'that is no CEL',
      [limits("request.method = 'GET'")],
      /when: the expression at 1:16: the sign "=" has no meaning here; write ==/,
    ],
    [
      'of claims that nobody verifies',
      [limits("claims.role == 'x'")],
      /when: reads claims, and no enforced policy of the API a that runs before this one verifies a token/,
    ],
    [
      'of a client that nobody establishes',
      [tokens(), limits("tier.name == 'gold'")],
      /when: reads tier, and no enforced policy .* establishes a client/,
    ],
    [
      'of claims that are verified later',
      [{ policyRef: { name: 'cors' }, config: { publicResource: true }, when: 'has(claims.sub)' }, tokens()],
      /when: reads claims/,
    ],
    [
      'of claims that are verified in shadow alone',
      [tokens({ mode: 'shadow' }), limits('has(claims.sub)')],
      /when: reads claims/,
    ],
    [
      'of a header that policies own and none has set',
      [limits("request.headers['x-ostiary-tier'] == 'gold'")],
      /when: reads the header x-ostiary-tier/,
    ],
  ])('%s is a fault', async (_, policies, message) => {
    expect(await faults(policies)).toContainEqual(expect.stringMatching(message));
  });

  it.each([
    ['of a claim of an earlier policy', [tokens(), limits('has(claims.sub)')]],
    ['of a header that an earlier policy sets', [tokens(), limits("request.headers['x-user'] == 'alice'")]],
    ['beside rules', [limits("request.method != 'GET'", { rules: [{ path: '/x/.*' }] })]],
  ])('%s is none', async (_, policies) => {
    expect(await faults(policies)).toEqual([]);
  });

  it('of metadata is warned of, since Envoy has to send it', async () => {
    const policies = [limits("metadata['envoy.filters.http.mcp'].method == 'tools/call'")];
    const documents = { 'a.json': JSON.stringify(document('Api', 'a', { basePath: '/a', policies })) };
    expect(await warningsOf(documents, options)).toContainEqual(
      expect.stringMatching(
        /policies\[0\]\.when: needs metadata that Envoy sends only where its filter lists envoy\.filters\.http\.mcp/,
      ),
    );
  });
});
