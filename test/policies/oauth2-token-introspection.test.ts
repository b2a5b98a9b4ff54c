import { describe, expect, test } from 'vitest';
import { AuthorizationServer } from '../oauth/authorization-server.ts';
import { IntrospectionPolicy } from './introspection-policy.ts';

const CLAIMS = { client_id: 'web', scope: 'read write', sub: 'alice', aud: 'orders' };

async function serving(
  claims: Record<string, Record<string, unknown>> = { good: CLAIMS },
): Promise<AuthorizationServer> {
  const server = await AuthorizationServer.start();
  for (const [token, said] of Object.entries(claims)) server.active.set(token, said);
  return server;
}

/** Seconds since the Unix epoch, of the clock of tests. */
const START = 1_767_225_600;

describe('an active token', () => {
  test('passes with its claims and its client, and is asked for as RFC 7662 says', async () => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server);
    expect(await policy.decide('good')).toMatchObject({
      identity: { claims: CLAIMS, client: { clientId: 'web' }, contract: { name: 'web-orders' } },
      upstream: [
        ['x-ostiary-client-id', 'web'],
        ['x-ostiary-client-name', 'web name'],
      ],
    });
    const [call] = server.calls;
    expect(Object.fromEntries(call?.parameters ?? [])).toEqual({ token: 'good', token_type_hint: 'access_token' });
    expect(call?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      authorization: `Basic ${btoa('ostiary:secret')}`,
    });
  });

  test('is not asked for again while it counts, at once and without a promise', async () => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server, { validatedTokenTTL: 60 });
    await policy.decide('good');
    policy.time.advance(59_999);
    expect(policy.policy.decide(policy.request('good'))).not.toBeInstanceOf(Promise);
    expect(server.calls).toHaveLength(1);
    policy.time.advance(1);
    await policy.decide('good');
    expect(server.calls).toHaveLength(2);
  });

  test('that is revoked passes until the TTL is over, and no longer', async () => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server, { validatedTokenTTL: 30 });
    await policy.decide('good');
    server.active.delete('good');
    policy.time.advance(29_999);
    expect(await policy.decide('good')).toMatchObject({ identity: { claims: CLAIMS } });
    policy.time.advance(1);
    expect(await policy.decide('good')).toBe('token_invalid');
  });

  test('is remembered until its exp at most, also where the clock is set forward', async () => {
    await using server = await serving({ good: { ...CLAIMS, exp: START + 10 } });
    using policy = new IntrospectionPolicy(server, { validatedTokenTTL: 3600 });
    expect(await policy.decide('good')).toMatchObject({ identity: {} });
    policy.time.wallMs += 10_000;
    expect(await policy.decide('good')).toBe('token_invalid');
    expect(server.calls).toHaveLength(1);
    policy.time.advance(10_000);
    expect(await policy.decide('good')).toBe('token_invalid');
    expect(server.calls).toHaveLength(2);
  });

  test('is asked for each time with validatedTokenTTL: 0', async () => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server, { validatedTokenTTL: 0 });
    await policy.decide('good');
    await policy.decide('good');
    expect(server.calls).toHaveLength(2);
  });

  test.each([
    ['pending', 'contract_missing'],
    ['approved', undefined],
    ['revoked', 'contract_missing'],
  ] as const)('of a client whose contract is %s: %s', async (status, reason) => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server);
    await policy.decide('good');
    policy.contracts.set('web', status);
    const outcome = await policy.decide('good');
    if (reason === undefined) expect(outcome).toMatchObject({ identity: { client: {} } });
    else expect(outcome).toBe(reason);
  });

  test('of a client that names its issuers counts only where they are asked', async () => {
    await using server = await serving({ good: { ...CLAIMS, iss: 'https://a.example.com' }, nameless: CLAIMS });
    using policy = new IntrospectionPolicy(server);
    policy.contracts.set('web', 'approved', ['https://a.example.com']);
    expect(await policy.decide('good')).toMatchObject({ identity: { client: {} } });
    expect(await policy.decide('nameless')).toBe('issuer_mismatch');
    policy.contracts.set('web', 'approved', ['https://b.example.com']);
    expect(await policy.decide('good')).toBe('issuer_mismatch');
    policy.contracts.set('web', 'approved');
    expect(await policy.decide('good', { severalIssuers: true })).toBe('issuer_mismatch');
  });

  test.each([
    [{ consumerBy: 'username' }, { username: 'web', client_id: 'other' }, true],
    [{}, { client_id: 'other' }, false],
    [{}, { username: 'web' }, false],
    [{ clientIdExpression: ['#[vars.claimSet.azp]', '#[vars.claimSet.client_id]'] }, { azp: 'web' }, true],
    [
      { clientIdExpression: ['#[vars.claimSet.azp]', '#[vars.claimSet.client_id]'] },
      { azp: 'other', client_id: 'web' },
      false,
    ],
  ])('names its client as %j says', async (config, claims, passes) => {
    await using server = await serving({ good: claims });
    using policy = new IntrospectionPolicy(server, config);
    expect(typeof (await policy.decide('good')) === 'object').toBe(passes);
  });

  test('of any client passes with skipClientIdValidation, and establishes none', async () => {
    await using server = await serving({ good: { sub: 'alice' } });
    using policy = new IntrospectionPolicy(server, { skipClientIdValidation: true, forwardToken: false });
    expect(await policy.decide('good')).toMatchObject({
      identity: { claims: { sub: 'alice' } },
      upstream: [],
      remove: ['authorization'],
    });
    expect(policy.policy).toMatchObject({ provides: ['claims'], identityHeaders: [], clientIssuers: [] });
  });

  test('is told to the upstream as exposeHeaders and claimsToHeaders say', async () => {
    await using server = await serving({ good: { ...CLAIMS, exp: START + 100, roles: ['a', 'b'] } });
    const config = {
      exposeHeaders: true,
      claimsToHeaders: [{ claim: 'roles', header: 'x-roles' }],
      skipClientIdValidation: true,
    };
    using policy = new IntrospectionPolicy(server, config);
    const outcome = (await policy.decide('good')) as { upstream: [string, string][] };
    expect(Object.fromEntries(outcome.upstream)).toEqual({
      'x-roles': 'a,b',
      'x-agw-client_id': 'web',
      'x-agw-sub': 'alice',
      'x-agw-scope': 'read write',
      'x-agw-aud': 'orders',
      'x-agw-exp': String(START + 100),
    });
    expect(policy.policy.identityHeaders).toContain('x-agw-username');
  });
});

describe('a token is refused', () => {
  test.each([
    ['that is not active', undefined, {}],
    ['that has expired', { exp: START }, {}],
    ['that does not count yet', { nbf: START + 1 }, {}],
    ['whose exp is not a number', { exp: 'never' }, {}],
    ['of another issuer', { iss: 'https://other' }, { issuer: 'https://this', introspectionURL: '' }],
    ['of another audience', { aud: ['billing', 'other'] }, { audience: 'orders' }],
    ['without an audience', { aud: undefined }, { audience: ['orders', 'more'] }],
    ['whose audience is not a text', { aud: { orders: true } }, { audience: 'orders' }],
    ['bound to a key', { cnf: { jkt: 'x' } }, {}],
    ['of DPoP', { token_type: 'DPoP' }, {}],
    ['that is a refresh token', { typ: 'Refresh' }, {}],
    ['that is an id token', { typ: 'ID' }, {}],
    ['whose property no header can carry', { sub: 'a\nb' }, { claimsToHeaders: [{ claim: 'sub', header: 'x-user' }] }],
  ])('%s', async (_, claims, config) => {
    await using server = await serving(claims === undefined ? {} : { good: { ...CLAIMS, ...claims } });
    const url = 'introspectionURL' in config ? { introspectionURL: server.url } : {};
    using policy = new IntrospectionPolicy(server, { ...config, ...url });
    expect(await policy.decide('good')).toBe('token_invalid');
  });

  test.each([
    ['AND', 'read write', undefined],
    ['AND', 'read', 'scope_insufficient'],
    ['OR', 'read', undefined],
    ['OR', 'other', 'scope_insufficient'],
    ['OR', '', 'scope_insufficient'],
  ])('%s of read and write, where it has "%s": %s', async (scopeValidationCriteria, scope, reason) => {
    await using server = await serving({ good: { ...CLAIMS, scope } });
    using policy = new IntrospectionPolicy(server, { scopes: 'read write', scopeValidationCriteria });
    const outcome = await policy.decide('good');
    if (reason === undefined) expect(outcome).toMatchObject({ identity: {} });
    else expect(outcome).toBe(reason);
  });

  test('that no bearer token can be, without asking', async () => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server);
    for (const token of ['a b', 'a\u00e9', 'a"b', '=a', 'x'.repeat(16_385), 'a,b'])
      expect(await policy.decide(token)).toBe('token_invalid');
    expect(server.calls).toHaveLength(0);
    expect(policy.policy.decide(policy.request(''))).toMatchObject({ reason: 'token_invalid' });
  });

  test('and is not asked for again until rejectedTokenTTL is over, however often it comes', async () => {
    await using server = await serving();
    using policy = new IntrospectionPolicy(server, { rejectedTokenTTL: 5 });
    const all = await Promise.all(Array.from({ length: 10_000 }, () => policy.decide('bad')));
    expect(new Set(all)).toEqual(new Set(['token_unverified', 'token_invalid']));
    policy.time.advance(4_999);
    for (let again = 0; again < 10_000; again += 1) {
      expect(policy.policy.decide(policy.request('bad'))).toMatchObject({ reason: 'token_invalid' });
    }
    expect(server.calls).toHaveLength(1);
    policy.time.advance(1);
    await policy.decide('bad');
    expect(server.calls).toHaveLength(2);
  });
});

test('of 10,000 different tokens 32 are asked for at once, and what is remembered passes meanwhile', async () => {
  await using server = await serving();
  using policy = new IntrospectionPolicy(server);
  await policy.decide('good');
  const flood = Array.from({ length: 10_000 }, (_, index) => policy.decide(`bad-${index}`));
  for (let again = 0; again < 100; again += 1) {
    expect(policy.policy.decide(policy.request('good'))).toMatchObject({ identity: { claims: CLAIMS } });
    await new Promise(setImmediate);
  }
  const outcomes = await Promise.all(flood);
  expect(new Set(outcomes)).toEqual(new Set(['token_invalid', 'token_unverified']));
  expect(server.most).toBeLessThanOrEqual(32);
  expect(server.calls.length).toBeGreaterThan(1000);
  expect(policy.policy.decide(policy.request('good'))).toMatchObject({ identity: {} });
});
