import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccessPolicy } from '../../src/policy/policy.ts';
import { JwksServer, publish, signed, signingKey } from '../jwt/issuer.ts';
import type { SigningKey } from '../jwt/issuer.ts';
import { faultsOf, jwtPolicy } from '../jwt/policy.ts';
import { bearer } from '../jwt/request.ts';
import { WatchedKeySets } from '../jwt/watched-key-sets.ts';
import { A, B, ENTRA, jwk, keyA, keyB, keyC, ofA, ofB, ofTenants, SECRET } from '../jwt/several-issuers.ts';

let watched: WatchedKeySets;
beforeEach(() => {
  watched = new WatchedKeySets();
});
afterEach(() => {
  watched.sets.close();
});

const policyOf = (options: Record<string, unknown>): AccessPolicy =>
  jwtPolicy({ mandatoryExpClaim: false, skipClientIdValidation: true, ...options }, watched.sets);

const REFUSED = { reason: 'token_invalid' };

describe('of several issuers each has its own keys, algorithms and audience', () => {
  test('a token is held against those of its iss', async () => {
    const policy = policyOf({ issuers: [ofA, ofB] });
    const ofFirst = await signed(keyA, { iss: A, aud: 'orders', sub: 'a' });
    const ofSecond = await signed(keyB, { iss: B, aud: ['x', 'stock'], sub: 'b' });
    for (let time = 1; time <= 2; time++) {
      expect(await policy.decide(bearer(ofFirst))).toMatchObject({ identity: { claims: { sub: 'a' } } });
      expect(await policy.decide(bearer(ofSecond))).toMatchObject({ identity: { claims: { sub: 'b' } } });
    }
  });

  test('an audience of one is none of another, and a token without any is refused', async () => {
    const policy = policyOf({ issuers: [ofA, ofB] });
    for (const aud of ['stock', undefined, ['x']]) {
      expect(await policy.decide(bearer(await signed(keyA, { iss: A, aud })))).toMatchObject(REFUSED);
    }
  });

  test('a key of one never signs for another, also under its kid', async () => {
    const policy = policyOf({ issuers: [{ ...ofA, algorithms: ['RS256', 'ES256'] }, ofB] });
    for (const kid of ['k1', '']) {
      const forged = await signed(keyB, { iss: A, aud: 'orders' }, { kid });
      expect(await policy.decide(bearer(forged))).toMatchObject(REFUSED);
    }
    expect(await policy.decide(bearer(await signed(keyA, { iss: B, aud: 'stock' })))).toMatchObject(REFUSED);
  });

  test('an algorithm of one is none of another: a public key is not a secret, though HS256 is allowed elsewhere', async () => {
    const shared = { issuer: B, textKey: SECRET, algorithms: ['HS256'], audience: 'orders' };
    const policy = policyOf({ issuers: [ofA, shared] });
    const secret = { ...keyA, alg: 'HS256', privateKey: Buffer.from(jwk(keyA)) as unknown as SigningKey['privateKey'] };
    expect(await policy.decide(bearer(await signed(secret, { iss: A, aud: 'orders' })))).toMatchObject({
      ...REFUSED,
      detail: 'the algorithm of the token is not allowed',
    });
    const honest = { ...secret, privateKey: Buffer.from(SECRET) as unknown as SigningKey['privateKey'] };
    expect(await policy.decide(bearer(await signed(honest, { iss: B, aud: 'orders' })))).toHaveProperty('identity');
    expect(await policy.decide(bearer(await signed(honest, { iss: A, aud: 'orders' })))).toMatchObject(REFUSED);
  });

  test('a token of none of them, or with an iss that is not a text, costs no signature check', async () => {
    const policy = policyOf({ issuers: [ofA, ofB] });
    for (const iss of [
      'https://c.example.com/',
      A.slice(0, -1),
      A.toUpperCase(),
      undefined,
      [A],
      { iss: A },
      null,
      7,
    ]) {
      const token = await signed(keyA, { iss, aud: 'orders' });
      expect(await policy.decide(bearer(token))).toMatchObject({ detail: 'the token is of none of the issuers' });
    }
  });

  test('of two members iss the last counts, before as after the signature is checked', async () => {
    const policy = policyOf({ issuers: [ofA, ofB] });
    const payload = Buffer.from(`{"iss":"${A}","aud":"orders","iss":"${B}"}`).toString('base64url');
    const [header = '', , signature = ''] = (await signed(keyA, {})).split('.');
    expect(await policy.decide(bearer(`${header}.${payload}.${signature}`))).toMatchObject(REFUSED);
  });

  test('one whose keys are not to be had harms no tokens of the others', async () => {
    await using dead = new JwksServer((_request, response) => void response.writeHead(500).end());
    await dead.listen();
    await using alive = await JwksServer.publishing(keyB);
    const policy = policyOf({
      issuers: [
        { issuer: A, jwksUrl: dead.url },
        { ...ofB, textKey: undefined, jwksUrl: alive.url },
      ],
    });
    expect(await policy.decide(bearer(await signed(keyB, { iss: B, aud: 'stock' })))).toHaveProperty('identity');
    expect(await policy.decide(bearer(await signed(keyA, { iss: A })))).toMatchObject({ reason: 'keys_unavailable' });
  });

  test('a refusal lasts until the keys of its own issuer change', async () => {
    await using server = await JwksServer.publishing(keyB);
    const policy = policyOf({ issuers: [ofA, { ...ofB, textKey: undefined, jwksUrl: server.url }] });
    const next = await signingKey('ES256', 'k2');
    const token = await signed(next, { iss: B, aud: 'stock' });
    expect(await policy.decide(bearer(token))).toMatchObject(REFUSED);
    server.answer = publish(keyB, next);
    await watched.sets.refresh();
    expect(await policy.decide(bearer(token))).toHaveProperty('identity');
  });
});

describe('a pattern of issuers', () => {
  const decide = async (claims: Record<string, unknown>, more: object = {}) =>
    policyOf({ issuers: [{ ...ofTenants, ...more }] }).decide(bearer(await signed(keyC, { aud: 'orders', ...claims })));
  const tenant = (id: string): string => ENTRA.replace('{tenantid}', id);

  test('takes every tenant whose claim says the same', async () => {
    for (const tid of ['contoso', '9188040d-6c67-4c5b-b112-36a304b66dad']) {
      expect(await decide({ iss: tenant(tid), tid })).toHaveProperty('identity');
    }
    for (const tid of ['other', undefined, ['contoso'], 'CONTOSO', null]) {
      expect(await decide({ iss: tenant('contoso'), tid })).toMatchObject(REFUSED);
    }
  });

  test.each([
    `https://evil.example/${tenant('x')}`,
    `${tenant('x')}/`,
    tenant('x/y'),
    tenant(''),
    tenant('.'),
    tenant('..'),
    tenant('%2e'),
    tenant('x?'),
    tenant('x#'),
    tenant('{tenantid}'),
    tenant('x').replace('https', 'http'),
    tenant('x').replace('.com/', '.com.evil.example/'),
    tenant('x').replace('login.', 'login.example.com@evil.'),
    tenant('x').replace('v2.0', 'v2_0'),
    `${tenant('x')}\n`,
    'https://login.example.com/v2.0',
    'https://login.example.com//v2.0',
  ])('%s is none of it', async (iss) => {
    expect(await decide({ iss, tid: 'x' })).toMatchObject(REFUSED);
  });

  test('takes those tenants alone that are listed', async () => {
    const tenants = ['contoso'];
    expect(await decide({ iss: tenant('contoso'), tid: 'contoso' }, { tenants })).toHaveProperty('identity');
    expect(await decide({ iss: tenant('fabrikam'), tid: 'fabrikam' }, { tenants })).toMatchObject(REFUSED);
  });

  test('gives way to an exact name: a tenant may have keys of its own', async () => {
    const own = { ...ofA, issuer: tenant('contoso') };
    const policy = policyOf({ issuers: [ofTenants, own] });
    const claims = { iss: tenant('contoso'), tid: 'contoso', aud: 'orders' };
    expect(await policy.decide(bearer(await signed(keyA, claims)))).toHaveProperty('identity');
    expect(await policy.decide(bearer(await signed(keyC, claims)))).toMatchObject(REFUSED);
  });

  test('a key signs for the issuers alone that its set names for it', async () => {
    const personal = 'https://login.example.com/personal/v2.0';
    const others = await signingKey('RS256', 'k2');
    const keys = [
      { ...keyC.jwk, issuer: personal },
      { ...others.jwk, issuer: ENTRA },
    ];
    const textKey = JSON.stringify({ keys });
    expect(await decide({ iss: personal, tid: 'personal' }, { textKey })).toHaveProperty('identity');
    expect(await decide({ iss: tenant('contoso'), tid: 'contoso' }, { textKey })).toMatchObject(REFUSED);
  });
});

describe('a SPIFFE trust domain', () => {
  const ofDomain = { spiffeTrustDomain: 'example.org', textKey: jwk(keyB), audience: ['orders'] };
  const decide = async (claims: Record<string, unknown>, options: object = {}) =>
    policyOf({ issuers: [ofA, ofDomain], ...options }).decide(
      bearer(await signed(keyB, { aud: 'orders', exp: watched.time.now() / 1000 + 60, ...claims })),
    );

  test('takes JWT-SVIDs by their sub, with an iss or without, signed as SPIFFE allows', async () => {
    const sub = 'spiffe://example.org/ns/shop/sa/web';
    expect(await decide({ sub })).toMatchObject({ identity: { claims: { sub } } });
    expect(await decide({ sub, iss: 'https://spire.example.org' })).toHaveProperty('identity');
  });

  test.each([
    'spiffe://example.org',
    'spiffe://example.org/',
    'spiffe://example.org//web',
    'spiffe://example.org/../web',
    'spiffe://example.org.evil.example/web',
    'spiffe://evil.example/spiffe://example.org/web',
    'SPIFFE://example.org/web',
    'spiffe://example.org/we%62',
    'spiffe://example.org/web?x',
    'web',
    undefined,
  ])('%s is no id of it', async (sub) => {
    expect(await decide({ sub })).toMatchObject(REFUSED);
  });

  test('asks for audience and expiry, whatever the policy says', async () => {
    const sub = 'spiffe://example.org/web';
    for (const claims of [{ aud: undefined }, { aud: 'others' }, { exp: undefined }, { exp: 1 }]) {
      expect(await decide({ sub, ...claims })).toMatchObject(REFUSED);
    }
  });

  test('its keys sign for no issuer of another kind, and those for none of its ids', async () => {
    expect(await decide({ sub: 'spiffe://example.org/web', iss: A })).toMatchObject(REFUSED);
    const policy = policyOf({ issuers: [ofA, ofDomain] });
    const forged = await signed(keyA, { sub: 'spiffe://example.org/web', aud: 'orders', exp: 4e9 });
    expect(await policy.decide(bearer(forged))).toMatchObject(REFUSED);
  });

  test('takes the keys of a bundle that are for tokens, and no others of it', async () => {
    const bundle = (use: string): object => ({ textKey: JSON.stringify({ keys: [{ ...keyB.jwk, use }] }) });
    const claims = { sub: 'spiffe://example.org/web' };
    expect(await decide(claims, { issuers: [{ ...ofDomain, ...bundle('jwt-svid') }] })).toHaveProperty('identity');
    const issuers = [{ ...ofDomain, ...bundle('x509-svid') }];
    expect(faultsOf({ issuers }).join()).toContain('its "use" is not "sig"');
  });
});

test('a token means the policy that takes its issuer, by what it says before it is verified', async () => {
  const ofDomain = { spiffeTrustDomain: 'example.org', textKey: jwk(keyB), audience: ['orders'] };
  const { authenticates } = policyOf({ issuers: [ofA, ofTenants, ofDomain] });
  const isMeant = async (claims: object) => authenticates?.isMeant?.(bearer(await signed(keyC, { ...claims })));
  for (const claims of [{ iss: A }, { iss: ENTRA.replace('{tenantid}', 'x') }, { sub: 'spiffe://example.org/web' }]) {
    expect(await isMeant(claims)).toBe(true);
  }
  const others = [{ iss: B }, {}, { iss: ENTRA }, { sub: 'spiffe://other.org/web' }, { iss: [A] }];
  for (const claims of others) expect(await isMeant(claims)).toBe(false);
  expect(authenticates?.bearer?.issuers).toEqual([A]);
});
