import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccessPolicy, Outcome } from '../../src/policy/policy.ts';
import { answering, JwksServer, publish, signed, signingKey } from './issuer.ts';
import type { Answering } from './issuer.ts';
import { faultsOf, jwtPolicy } from './policy.ts';
import { bearer } from './request.ts';
import { WatchedKeySets } from './watched-key-sets.ts';

const key = await signingKey('ES256', 'k1');
const next = await signingKey('ES256', 'k2');
const evil = await signingKey('ES256', 'k1');

let watched: WatchedKeySets;
let server: JwksServer;
let metadata: Record<string, unknown>;
let keys: Answering;
let asked: (string | undefined)[];
let issuer: string;
beforeEach(async () => {
  watched = new WatchedKeySets();
  asked = [];
  server = new JwksServer((request, response) => {
    asked.push(request.url);
    const isMetadata = request.url?.endsWith('/.well-known/openid-configuration') === true;
    (isMetadata ? answering(200, JSON.stringify(metadata)) : keys)(request, response);
  });
  await server.listen();
  issuer = server.url.replace('/jwks.json', '/realms/shop');
  metadata = { issuer, jwks_uri: `${issuer}/certs` };
  keys = publish(key);
});
afterEach(async () => {
  watched.sets.close();
  await server[Symbol.asyncDispose]();
});

const policyOf = (entry: object = {}): AccessPolicy => {
  const own = { issuer, discovery: true, algorithms: ['ES256'], audience: 'orders', ...entry };
  return jwtPolicy({ mandatoryExpClaim: false, skipClientIdValidation: true, issuers: [own] }, watched.sets);
};
const decide = async (policy: AccessPolicy, signer = key, iss = issuer): Promise<Outcome> =>
  policy.decide(bearer(await signed(signer, { iss, aud: 'orders' })));

describe("an issuer's metadata name its keys", () => {
  test('below its name', async () => {
    expect(await decide(policyOf())).toHaveProperty('identity');
    expect(asked).toEqual(['/realms/shop/.well-known/openid-configuration', '/realms/shop/certs']);
    expect(watched.outcomes).toEqual(['success']);
    expect(watched.sets.status()[0]?.url).toBe(`${issuer}/.well-known/openid-configuration`);
  });

  test('at a URL of their own, for an issuer with a slash at its end, and for a pattern as they write it', async () => {
    const base = server.url.replace('/jwks.json', '');
    const pattern = 'https://login.example.com/{tenantid}/v2.0';
    for (const [name, discovery] of [
      [`${issuer}/`, true],
      ['internal', issuer],
      ['internal', `${base}/x/.well-known/openid-configuration`],
      [pattern, `${base}/organizations/v2.0`],
    ] as const) {
      metadata = { issuer: name, jwks_uri: `${base}/certs` };
      const iss = name.replace('{tenantid}', 'contoso');
      expect(await decide(policyOf({ issuer: name, discovery }), key, iss)).toHaveProperty('identity');
    }
    expect(asked).toContain('/organizations/v2.0/.well-known/openid-configuration');
  });

  test('are asked again with the keys: both may move', async () => {
    const policy = policyOf();
    expect(await decide(policy)).toHaveProperty('identity');
    metadata = { issuer, jwks_uri: `${issuer}/moved` };
    keys = publish(key, next);
    expect(await decide(policy, next)).toHaveProperty('identity');
    expect(asked.slice(2)).toEqual(['/realms/shop/.well-known/openid-configuration', '/realms/shop/moved']);
  });

  test('shared by policies, also when they are asked for on demand', async () => {
    const policies = [policyOf(), policyOf({ audience: ['orders', 'x'] })];
    for (const policy of policies) expect(await decide(policy)).toHaveProperty('identity');
    expect(asked).toHaveLength(2);
    await watched.sets.refresh(`${issuer}/.well-known/openid-configuration`);
    expect(asked).toHaveLength(4);
  });
});

describe('metadata are refused', () => {
  test.each<[string, () => Record<string, unknown>]>([
    ['of another issuer', () => ({ ...metadata, issuer: 'https://evil.example' })],
    ['with a slash more', () => ({ ...metadata, issuer: `${issuer}/` })],
    ['of no issuer', () => ({ ...metadata, issuer: undefined })],
    ['with issuers as a list', () => ({ ...metadata, issuer: [issuer] })],
    ['without a key set', () => ({ issuer })],
    ['with a key set at no URL', () => ({ issuer, jwks_uri: 'certs' })],
    ['with a key set in a file', () => ({ issuer, jwks_uri: 'file:///etc/keys' })],
    ['with a key set over http:', () => ({ issuer, jwks_uri: 'http://keys.example.com/' })],
    ['with a key set at a metadata service', () => ({ issuer, jwks_uri: 'http://169.254.169.254/' })],
    ['with a user in the URL of the key set', () => ({ issuer, jwks_uri: 'https://a:hidden@keys.example.com/' })],
  ])('%s', async (_what, given) => {
    metadata = given();
    keys = publish(evil);
    expect(await decide(policyOf(), evil)).toMatchObject({ reason: 'keys_unavailable' });
    expect(watched.outcomes).toEqual(['malformed']);
    expect(watched.fetches[0]?.detail).not.toMatch(/hidden|evil/);
    expect(asked).toHaveLength(1);
  });

  test('the keys of before stay in force', async () => {
    const policy = policyOf();
    expect(await decide(policy)).toHaveProperty('identity');
    metadata = { issuer: 'https://evil.example', jwks_uri: `${issuer}/evil` };
    keys = publish(evil);
    await watched.sets.refresh();
    expect(watched.sets.status()).toMatchObject([{ failing: true, keys: 1 }]);
    expect(await decide(policy)).toHaveProperty('identity');
    expect(await decide(policy, evil)).toMatchObject({ reason: 'token_invalid' });
  });

  test('what fails behind them says so', async () => {
    keys = answering(404, '');
    expect(await decide(policyOf())).toMatchObject({ reason: 'keys_unavailable' });
    expect(watched.fetches[0]).toMatchObject({
      outcome: 'status',
      detail: 'the key set that its metadata name: it answers 404',
    });
  });
});

describe('options of discovery', () => {
  const faults = (entry: object): string => faultsOf({ issuers: [{ audience: 'a', ...entry }] }).join('\n');

  test.each<[string, object, RegExp]>([
    ['http:', { issuer: 'http://a.example.com', discovery: true }, /discovery: takes issuer for a URL: over http:/],
    ['a name that is no URL', { issuer: 'internal', discovery: true }, /discovery: takes issuer for a URL: is no URL/],
    ['a pattern', { issuer: 'https://a.com/{t}', discovery: true }, /discovery: needs a URL here/],
    ['several names', { issuer: ['https://a.com', 'https://b.com'], discovery: true }, /discovery: needs a URL here/],
    ['a trust domain', { spiffeTrustDomain: 'a.org', discovery: 'https://a.org' }, /discovery: is for issuers/],
    [
      'a key set beside it',
      { issuer: 'https://a.com', discovery: true, jwksUrl: 'https://a.com/k' },
      /jwksUrl: and discovery exclude/,
    ],
    ['a shared secret', { issuer: 'https://a.com', discovery: true, algorithms: ['HS256'] }, /algorithms: a published/],
    [
      'a link-local address',
      { issuer: 'x', discovery: 'https://169.254.169.254/' },
      /discovery: it leads to a link-local/,
    ],
  ])('%s', (_what, entry, message) => {
    expect(faults(entry)).toMatch(message);
  });
});
