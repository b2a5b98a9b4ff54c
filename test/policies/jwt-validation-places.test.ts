import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccessPolicy, Outcome } from '../../src/policy/policy.ts';
import { signed, signingKey } from '../jwt/issuer.ts';
import { faultsOf, jwtPolicy } from '../jwt/policy.ts';
import { Contracts, requestOf } from '../jwt/request.ts';
import type { Sent } from '../jwt/request.ts';
import { WatchedKeySets } from '../jwt/watched-key-sets.ts';

const key = await signingKey('ES256', 'k1');
const good = await signed(key, { sub: 'good' });
const other = await signed(key, { sub: 'other' });
const OPEN = {
  textKey: JSON.stringify(key.jwk),
  algorithms: ['ES256'] as const,
  mandatoryExpClaim: false,
  skipClientIdValidation: true,
};
const BEARER = { header: 'Authorization', scheme: 'Bearer' };
const ALL = [BEARER, { header: 'x-token' }, { cookie: 'session' }, { query: 'access_token' }];

let watched: WatchedKeySets;
beforeEach(() => {
  watched = new WatchedKeySets();
});
afterEach(() => {
  watched.sets.close();
});

const policyOf = (places: readonly object[], more: object = {}): AccessPolicy =>
  jwtPolicy({ ...OPEN, algorithms: ['ES256'], places: [...places], ...more }, watched.sets);
const decide = async (policy: AccessPolicy, sent: Sent): Promise<Outcome> => policy.decide(requestOf(sent));
const GRANTED = { identity: { claims: { sub: 'good' } } };

describe('a token at one of several places', () => {
  test.each<[string, Sent]>([
    ['after its scheme', { headers: { authorization: `bearer ${good}` } }],
    ['in a header by itself', { headers: { 'x-token': good } }],
    ['in a header, beside another scheme', { headers: { 'x-token': good, authorization: 'Basic eDp5' } }],
    ['in a cookie', { headers: { cookie: `a=b; session=${good}; c=d` } }],
    ['in a query parameter', { query: `access_token=${good}&x=y` }],
    ['the same at two', { headers: { authorization: `Bearer ${good}`, cookie: `session=${good}` } }],
  ])('%s passes, again and again', async (_what, sent) => {
    const policy = policyOf(ALL);
    for (let time = 1; time <= 2; time++) expect(await decide(policy, sent)).toMatchObject(GRANTED);
  });

  test.each<[string, Sent]>([
    ['different ones at two places', { headers: { authorization: `Bearer ${good}`, cookie: `session=${other}` } }],
    ['different ones in header and query', { headers: { 'x-token': good }, query: `access_token=${other}` }],
    ['no token beside a good one', { headers: { 'x-token': good, cookie: 'session=x' } }],
    ['two cookies of the name', { headers: { cookie: `session=${good}; session=${other}` } }],
    ['the same cookie twice', { headers: { cookie: `session=${good}; session=${good}` } }],
    ['two cookies in one pair of quotes', { headers: { cookie: `session=${good}; x="; session=${other}"` } }],
    ['cookies joined by a comma', { headers: { cookie: `session=${good},session=${other}` } }],
    ['two query parameters', { query: `access_token=${good}&access_token=${other}` }],
    ['one of them encoded', { query: `access_token=${good}&access%5ftoken=${other}` }],
    ['two Bearers in one header', { headers: { authorization: `Bearer ${good}, Bearer ${other}` } }],
    ['a Bearer behind another scheme', { headers: { authorization: `Basic eDp5, Bearer ${other}`, 'x-token': good } }],
    ['a Bearer without a token', { headers: { authorization: 'Bearer', 'x-token': good } }],
    ['a header twice', { headers: { 'x-token': `${good},${other}` } }],
  ])('%s are refused, though one was verified before', async (_what, sent) => {
    const policy = policyOf(ALL);
    await decide(policy, { headers: { authorization: `Bearer ${good}` } });
    expect(await decide(policy, sent)).toMatchObject({ reason: 'token_invalid' });
  });

  test('nowhere is a missing one', async () => {
    const sent = { headers: { cookie: 'a=b; Session=x; xsession=y', authorization: 'Basic eDp5' }, query: 'token=x' };
    expect(await decide(policyOf(ALL), sent)).toMatchObject({
      reason: 'token_missing',
      detail: 'the request has no token at authorization: Bearer, x-token, cookie session, query access_token',
    });
  });

  test('is kept from the upstream in the headers that hold it, and nothing else is', async () => {
    const policy = policyOf([BEARER, { header: 'x-token' }], { forwardToken: false });
    const authorization = `Bearer ${good}`;
    expect(await decide(policy, { headers: { authorization } })).toMatchObject({ remove: ['authorization'] });
    expect(await decide(policy, { headers: { 'x-token': good, authorization: 'Basic eDp5' } })).toMatchObject({
      remove: ['x-token'],
    });
    expect(await decide(policy, { headers: { 'x-token': good, authorization } })).toMatchObject({
      remove: ['authorization', 'x-token'],
    });
  });

  test('at the usual place alone is as without the list', async () => {
    const policy = policyOf([BEARER]);
    expect(policy.authenticates).toMatchObject({ credential: 'authorization: Bearer', headers: ['authorization'] });
    const sent = { headers: { authorization: `Bearer ${good}` } };
    expect(await decide(policy, sent)).toMatchObject(GRANTED);
    expect(policy.decide(requestOf(sent))).not.toBeInstanceOf(Promise);
  });
});

describe('whether a request has a token', () => {
  test('is told of every place, however malformed it is', () => {
    const { authenticates } = policyOf(ALL, { issuer: 'https://a.example.com/' });
    const isPresent = (sent: Sent) => authenticates?.isPresent(requestOf(sent));
    for (const sent of [
      { headers: { 'x-token': 'x' } },
      { headers: { cookie: 'session=x; session=y' } },
      { headers: { authorization: 'Bearer' } },
      { query: 'access_token=x' },
    ]) {
      expect(isPresent(sent)).toBe(true);
    }
    expect(isPresent({ headers: { authorization: 'Basic eDp5' } })).toBe(false);
    expect(authenticates).toMatchObject({
      headers: ['authorization', 'x-token'],
      bearer: { methods: ['header', 'query'], issuers: ['https://a.example.com/'] },
    });
  });
});

describe('claims at paths', () => {
  const claims = { realm_access: { roles: ['admin', 'a,b'] }, sub: 'good' };
  const CLAIMS = {
    claimsToHeaders: [
      { path: 'realm_access.roles', header: 'x-roles', encoding: 'percent' },
      { path: 'resource_access.orders.roles', header: 'x-more' },
    ],
    validateCustomClaim: true,
    mandatoryCustomClaims: [{ path: 'realm_access.roles', value: 'admin' }],
    nonMandatoryCustomClaims: [{ path: 'department.name', value: 'shop' }],
  };
  const decideBy = async (own: Record<string, unknown>, more: object = {}) =>
    policyOf([BEARER], { ...CLAIMS, ...more }).decide(
      requestOf({ headers: { authorization: `Bearer ${await signed(key, own)}` } }),
    );

  test('reach the upstream and are held against values; a path that leads nowhere is told', async () => {
    expect(await decideBy(claims)).toMatchObject({
      upstream: [['x-roles', 'admin,a%2Cb']],
      remark: 'the token has nothing at "department.name", "resource_access.orders.roles"',
    });
    const all = { ...claims, department: { name: 'shop' }, resource_access: { orders: { roles: ['x'] } } };
    expect(await decideBy(all)).toMatchObject({ upstream: [expect.anything(), ['x-more', 'x']], remark: undefined });
  });

  test('that must have a value refuse a token without one', async () => {
    expect(await decideBy({ realm_access: { roles: ['user'] } })).toMatchObject({ reason: 'token_invalid' });
    expect(await decideBy({ 'realm_access.roles': ['admin'] })).toMatchObject({
      reason: 'token_invalid',
      detail: 'the token has no claim "realm_access.roles"',
    });
    expect(await decideBy({ ...claims, department: { name: 'other' } })).toMatchObject({ reason: 'token_invalid' });
  });

  test('are told for clients too', async () => {
    const directory = new Contracts();
    directory.set('web', 'approved');
    const policy = policyOf([BEARER], { ...CLAIMS, skipClientIdValidation: false });
    const token = await signed(key, { ...claims, client_id: 'web' });
    for (let time = 1; time <= 2; time++) {
      const outcome = await decide(policy, { headers: { authorization: `Bearer ${token}` }, directory });
      expect(outcome).toMatchObject({ remark: expect.stringContaining('department.name') });
    }
  });
});

describe('options are refused', () => {
  test.each<[string, object, RegExp]>([
    ['places beside an expression', { places: [BEARER], jwtOrigin: 'customExpression' }, /^jwtOrigin: contradicts/m],
    ['a place twice', { places: [BEARER, { header: 'authorization', scheme: 'bearer' }] }, /^places\.1: is listed/m],
    ['a place of nothing', { places: [{}] }, /^places\.0: expected one of/m],
    ['a cookie to be removed', { places: [{ cookie: 'a' }], forwardToken: false }, /^forwardToken: .*is a cookie/m],
    ['claim and path', { claimsToHeaders: [{ claim: 'a', path: 'a', header: 'x-a' }] }, /^claimsToHeaders\.0: needs/m],
    ['neither', { claimsToHeaders: [{ header: 'x-a' }] }, /^claimsToHeaders\.0: needs claim/m],
    [
      'an empty name',
      { claimsToHeaders: [{ path: 'a..b', header: 'x-a' }] },
      /^claimsToHeaders\.0\.path: has an empty/m,
    ],
    ['an encoding that is none', { claimsToHeaders: [{ claim: 'a', header: 'x-a', encoding: 'hex' }] }, /encoding/],
    [
      'a header that is a place',
      { places: ALL, claimsToHeaders: [{ claim: 'a', header: 'X_Token' }] },
      /where the token is/,
    ],
    [
      'a path and a key',
      { validateCustomClaim: true, mandatoryCustomClaims: [{ key: 'a', path: 'a', value: 1 }] },
      /^mandatoryCustomClaims\.0: needs key/m,
    ],
  ])('%s', (_what, options, message) => {
    expect(faultsOf({ ...OPEN, algorithms: ['ES256'], ...options }).join('\n')).toMatch(message);
  });
});
