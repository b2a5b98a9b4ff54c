import { describe, expect, it } from 'vitest';
import { policyKinds } from '../../src/policies/index.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { checkOf, requestOf } from '../policy/fixtures.ts';
import { policyEnvironment } from './environment.ts';

function policyOf(name: string, config: object): Policy {
  const kind = policyKinds.get(name);
  if (kind === undefined) throw new Error(`there is no ${name}`);
  return kind.create(kind.options.parse(config), { ...policyEnvironment(), files: noFiles });
}

const noFiles = { content: () => undefined as never };
const hmac = { signingMethod: 'hmac', textKey: 'x'.repeat(32), skipClientIdValidation: true };
const token = (claims: object) =>
  ['{"alg":"HS256"}', JSON.stringify(claims), 'forged']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

function authenticating(name: string, config: object = {}) {
  const { authenticates } = policyOf(name, config);
  if (authenticates === undefined) throw new Error(`${name} does not say how it authenticates`);
  return {
    ...authenticates,
    present: (headers: Record<string, string>, query = '') =>
      authenticates.isPresent(requestOf(checkOf({ headers }), { path: { path: '/', query } })),
    meant: (headers: Record<string, string>) => authenticates.isMeant?.(requestOf(checkOf({ headers }))),
  };
}

describe('whether a request has the credential of a policy', () => {
  it('a token, however malformed, but not another scheme', () => {
    const { present, challenge, credential } = authenticating('jwt-validation', hmac);
    expect([challenge, credential]).toEqual(['Bearer', 'authorization: Bearer']);
    for (const authorization of ['Bearer x', 'bearer', 'Bearer ', 'Bearer a, Bearer b', 'Basic eDp5, Bearer x']) {
      expect([authorization, present({ authorization })]).toEqual([authorization, true]);
    }
    expect(present({})).toBe(false);
    expect(present({ authorization: 'Basic eDp5' })).toBe(false);
  });

  it('an API key at any of its places, however wrong', () => {
    const places = [{ header: 'x-key' }, { header: 'authorization', scheme: 'Key' }, { cookie: 'k' }, { query: 'q' }];
    const { present, headers } = authenticating('api-key', { places, forwardCredentials: true });
    for (const sent of [{ 'x-key': 'a' }, { 'x-key': 'a,b' }, { authorization: 'key x' }, { cookie: 'k=1; k=2' }])
      expect([sent, present(sent)]).toEqual([sent, true]);
    for (const sent of [{}, { 'x-key': '' }, { authorization: 'Bearer x' }, { cookie: 'l=1' }])
      expect([sent, present(sent)]).toEqual([sent, false]);
    expect([present({}, 'q=1'), present({}, 'r=1')]).toEqual([true, false]);
    expect(headers).toEqual(['x-key', 'authorization']);
  });

  it('a token in a query parameter', () => {
    const jwtExpression = "#[attributes.queryParams['access_token']]";
    const { present, bearer, headers } = authenticating('jwt-validation', {
      ...hmac,
      jwtOrigin: 'customExpression',
      jwtExpression,
    });
    expect([present({}, 'access_token=x'), present({}, 'token=x')]).toEqual([true, false]);
    expect([bearer?.methods, headers]).toEqual([['query'], []]);
  });

  it('a client id or a secret, in either spelling and in both at once', () => {
    const { present, challenge, headers } = authenticating('client-id-enforcement', { dashedHeaders: true });
    expect(challenge).toBe('Client-ID-Enforcement');
    expect(headers).toEqual(['client_id', 'client-id', 'client_secret', 'client-secret']);
    const ones: Record<string, string>[] = [
      { client_id: 'a' },
      { 'client-secret': 'a' },
      { client_id: 'a', 'client-id': 'a' },
      { client_id: '' },
    ];
    for (const one of ones) expect([one, present(one)]).toEqual([one, true]);
    expect(present({ authorization: 'Bearer x' })).toBe(false);
  });

  it('HTTP Basic, malformed too', () => {
    const { present, challenge, headers } = authenticating('client-id-enforcement', {
      credentialsOriginHasHttpBasicAuthenticationHeader: 'httpBasicAuthenticationHeader',
      realm: 'orders',
    });
    expect([challenge, headers]).toEqual(['Basic realm="orders"', ['authorization']]);
    for (const authorization of ['Basic !', 'basic', 'Bearer x, Basic eDp5'])
      expect(present({ authorization })).toBe(true);
    expect(present({ authorization: 'Basically x' })).toBe(false);
    expect(present({ authorization: 'Bearer x' })).toBe(false);
  });

  it('HTTP Basic of a user, who is meant where the policy knows the name', () => {
    const { present, meant } = authenticating('http-basic-authentication', { username: 'chris', password: 'admin' });
    const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` });
    expect([present(basic('who:x')), present({ authorization: 'Basic !' }), present({})]).toEqual([true, true, false]);
    expect([meant(basic('chris:x')), meant(basic('who:admin')), meant({ authorization: 'Basic !' })]).toEqual([
      true,
      false,
      false,
    ]);
    const hash = '$2y$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.';
    const many = authenticating('http-basic-authentication', { users: [{ username: 'ann', passwordHash: hash }] });
    expect([many.meant(basic('ann:x')), many.meant(basic('chris:x')), many.meant({})]).toEqual([true, false, false]);
  });

  it('of an SLA tier the client id', () => {
    const { present } = authenticating('rate-limiting-sla');
    expect([present({ client_id: 'a' }), present({})]).toEqual([true, false]);
  });
});

describe('whom a token means, before it is verified', () => {
  const { meant, bearer } = authenticating('jwt-validation', {
    ...hmac,
    issuer: ['https://a.example', 'internal'],
    requiredScopes: ['read'],
  });

  it('the policy that takes its issuer', () => {
    expect(meant({ authorization: `Bearer ${token({ iss: 'https://a.example' })}` })).toBe(true);
    for (const other of [
      token({ iss: 'https://b.example' }),
      token({}),
      token({ iss: ['https://a.example'] }),
      'opaque',
      '',
    ]) {
      expect(meant({ authorization: `Bearer ${other}` })).toBe(false);
    }
  });

  it('tells clients the issuers that are servers, and the scopes', () => {
    expect(bearer).toEqual({ issuers: ['https://a.example'], scopes: ['read'], methods: ['header'] });
  });
});
