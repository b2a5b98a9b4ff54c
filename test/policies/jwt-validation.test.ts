import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccessPolicy } from '../../src/policy/policy.ts';
import { signed, signingKey } from '../jwt/issuer.ts';
import { jwtPolicy } from '../jwt/policy.ts';
import { bearer, Contracts, requestOf } from '../jwt/request.ts';
import { WatchedKeySets } from '../jwt/watched-key-sets.ts';

const key = await signingKey('RS256', 'k1');
const KEY = { textKey: JSON.stringify(key.jwk), mandatoryExpClaim: false };
const OPEN = { ...KEY, skipClientIdValidation: true };
let watched: WatchedKeySets;
beforeEach(() => {
  watched = new WatchedKeySets();
});
afterEach(() => {
  watched.sets.close();
});

const policyOf = (options: Record<string, unknown>): AccessPolicy => jwtPolicy(options, watched.sets);

describe('where the token comes from', () => {
  test('the authorization header, with its scheme in any case', async () => {
    const token = await signed(key, { sub: 'a' });
    const policy = policyOf(OPEN);
    for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER  ${token} `]) {
      expect(await policy.decide(requestOf({ headers: { authorization } }))).toMatchObject({
        identity: { claims: { sub: 'a' } },
      });
    }
  });

  test.each([[undefined], [''], ['Basic dXNlcjpwYXNz'], ['Negotiate abc'], ['Bearertoken']])(
    '%s is no token: 401 or, by choice, 400',
    (value) => {
      const headers = value === undefined ? {} : { authorization: value };
      expect(policyOf(OPEN).decide(requestOf({ headers }))).toMatchObject({ reason: 'token_missing', status: 401 });
      const chosen = policyOf({ ...OPEN, missingTokenStatus: 400 });
      expect(chosen.decide(requestOf({ headers }))).toMatchObject({ reason: 'token_missing', status: 400 });
    },
  );

  test('two credentials, or none after the scheme, are refused as an invalid token is', async () => {
    const token = await signed(key, {});
    const policy = policyOf({ ...OPEN, missingTokenStatus: 400 });
    const values = [
      `Bearer ${token},Bearer ${token}`,
      `Bearer ${token}, Bearer x`,
      `Basic eA==,Bearer ${token}`,
      'Bearer',
      'Bearer ',
      `Bearer ${token} ${token}`,
    ];
    for (const authorization of values) {
      const outcome = await policy.decide(requestOf({ headers: { authorization } }));
      expect(outcome).toMatchObject({ reason: 'token_invalid' });
      expect((outcome as { detail: string }).detail).not.toContain(token.slice(-20));
    }
  });

  test('a header or a query parameter of choice', async () => {
    const token = await signed(key, { sub: 'a' });
    const custom = { ...OPEN, jwtOrigin: 'customExpression' };
    const granted = { identity: { claims: { sub: 'a' } } };
    expect(await policyOf(custom).decide(requestOf({ headers: { jwt: token } }))).toMatchObject(granted);
    expect(policyOf(custom).decide(bearer(token))).toMatchObject({ reason: 'token_missing' });
    const query = policyOf({ ...custom, jwtExpression: "#[attributes.queryParams['access_token']]" });
    expect(await query.decide(requestOf({ query: `access_token=${token}` }))).toMatchObject(granted);
    const twice = requestOf({ query: `access_token=${token}&access_token=${token}` });
    expect(await query.decide(twice)).toMatchObject({ reason: 'token_invalid' });
    expect(query.decide(requestOf({}))).toMatchObject({ reason: 'token_missing' });
  });

  test('is removed for the upstream only by choice', async () => {
    const token = await signed(key, {});
    expect(await policyOf(OPEN).decide(bearer(token))).toMatchObject({ remove: [] });
    expect(await policyOf({ ...OPEN, forwardToken: false }).decide(bearer(token))).toMatchObject({
      remove: ['authorization'],
    });
    const custom = policyOf({
      ...OPEN,
      jwtOrigin: 'customExpression',
      jwtExpression: "#[attributes.headers['X-Token']]",
      forwardToken: false,
    });
    expect(await custom.decide(requestOf({ headers: { 'x-token': token } }))).toMatchObject({ remove: ['x-token'] });
  });
});

describe('the client of the token', () => {
  test('needs an approved contract for the API, now and not when its token was verified', async () => {
    const directory = new Contracts();
    const policy = policyOf(KEY);
    const token = await signed(key, { client_id: 'shop' });
    const decide = async () => policy.decide(bearer(token, { directory }));
    expect(await decide()).toMatchObject({
      reason: 'contract_missing',
      detail: 'the client of the token has no contract for orders',
    });
    for (const status of ['pending', 'rejected', 'revoked'] as const) {
      directory.set('shop', status);
      expect(await decide()).toMatchObject({
        reason: 'contract_missing',
        detail: `the contract shop-orders is ${status}`,
      });
    }
    directory.set('shop', 'approved');
    expect(await decide()).toMatchObject({
      identity: { client: { clientId: 'shop' }, contract: { name: 'shop-orders' }, claims: { client_id: 'shop' } },
    });
    directory.set('shop', 'revoked');
    expect(await decide()).toMatchObject({ reason: 'contract_missing' });
  });

  test('is named by the first claim of the list that the token has', async () => {
    const directory = new Contracts();
    directory.set('other', 'approved');
    const names = ['client_id', 'azp', 'appid', 'cid'];
    const policy = policyOf({ ...KEY, clientIdExpression: names.map((name) => `#[vars.claimSet.${name}]`) });
    for (const name of names) {
      const token = await signed(key, { [name]: 'other' });
      expect(await policy.decide(bearer(token, { directory }))).toHaveProperty('identity.client.clientId', 'other');
    }
    const both = await signed(key, { azp: 'unknown', appid: 'other' });
    expect(await policy.decide(bearer(both, { directory }))).toHaveProperty('reason', 'contract_missing');
    for (const claims of [{}, { azp: '' }, { azp: { id: 'other' } }, { azp: ['other'] }]) {
      const outcome = await policy.decide(bearer(await signed(key, claims), { directory }));
      expect(outcome).toMatchObject({ reason: 'contract_missing', detail: 'the token names no client' });
    }
  });

  test('is not looked at with skipClientIdValidation', async () => {
    expect(await policyOf(OPEN).decide(bearer(await signed(key, { client_id: 'nobody' })))).not.toHaveProperty(
      'reason',
    );
  });
});

describe('scopes', () => {
  const policy = (): AccessPolicy => policyOf({ ...OPEN, requiredScopes: ['orders:read', 'orders:write'] });
  test.each([
    [{ scope: 'orders:write openid orders:read' }, true],
    [{ scp: ['orders:read', 'orders:write'] }, true],
    [{ scp: 'orders:read orders:write' }, true],
    [{ scope: 'orders:read' }, false],
    [{ scope: 'orders:readorders:write' }, false],
    [{ scope: 'orders:read', scp: ['orders:write'] }, false],
    [{ scope: { 'orders:read': true } }, false],
    [{}, false],
  ])('of %j suffice: %s', async (claims, suffices) => {
    const token = await signed(key, claims);
    const own = policy();
    for (const round of [1, 2]) {
      const outcome = await own.decide(bearer(token));
      if (suffices) expect(outcome, String(round)).not.toHaveProperty('reason');
      else
        expect(outcome, String(round)).toMatchObject({
          reason: 'scope_insufficient',
          scopes: ['orders:read', 'orders:write'],
        });
    }
  });
});

describe('claims to headers', () => {
  const wanted = [
    { claim: 'sub', header: 'X-User' },
    { claim: 'roles', header: 'x-roles' },
  ];
  test('are owned whatever the token says, and set where it has the claim', async () => {
    const policy = policyOf({ ...OPEN, claimsToHeaders: wanted });
    expect(policy.identityHeaders).toEqual(['x-user', 'x-roles']);
    const headers = async (claims: Record<string, unknown>) => policy.decide(bearer(await signed(key, claims)));
    expect(await headers({ sub: 'alice' })).toHaveProperty('upstream', [['x-user', 'alice']]);
    expect(await headers({ sub: 7, roles: ['a', 1, true] })).toHaveProperty('upstream', [
      ['x-user', '7'],
      ['x-roles', 'a,1,true'],
    ]);
    expect(await headers({ sub: 'a\r\nx-admin: 1' })).toHaveProperty('reason', 'token_invalid');
    expect(await headers({})).toHaveProperty('upstream', []);
  });
});

describe('two policies with the same key', () => {
  test('share nothing that one of them has verified', async () => {
    const audiences = (name: string) =>
      policyOf({ ...OPEN, validateAudClaim: true, supportedAudiences: name, mandatoryAudClaim: true });
    const token = await signed(key, { aud: 'a' });
    const [one, other] = [audiences('a'), audiences('b')];
    expect(await one.decide(bearer(token))).not.toHaveProperty('reason');
    expect(await other.decide(bearer(token))).toHaveProperty('reason', 'token_invalid');
    expect(one.decide(bearer(token))).not.toBeInstanceOf(Promise);
    expect(await other.decide(bearer(token))).toHaveProperty('reason', 'token_invalid');
  });
});
