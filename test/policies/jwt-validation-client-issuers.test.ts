import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccessPolicy } from '../../src/policy/policy.ts';
import { signed } from '../jwt/issuer.ts';
import { jwtPolicy } from '../jwt/policy.ts';
import { bearer, Contracts } from '../jwt/request.ts';
import { WatchedKeySets } from '../jwt/watched-key-sets.ts';
import { A, B, ENTRA, jwk, keyA, keyB, keyC, ofA, ofB, ofTenants } from '../jwt/several-issuers.ts';

let watched: WatchedKeySets;
beforeEach(() => {
  watched = new WatchedKeySets();
});
afterEach(() => {
  watched.sets.close();
});

const policyOf = (options: Record<string, unknown>): AccessPolicy =>
  jwtPolicy({ mandatoryExpClaim: false, skipClientIdValidation: true, ...options }, watched.sets);

describe('a client of the token, where more than one issuer is taken', () => {
  const directory = new Contracts();
  directory.set('named', 'approved', [B]);
  directory.set('silent', 'approved');
  directory.set('of-any-tenant', 'approved', [ENTRA]);
  directory.set('of-contoso', 'approved', ['https://login.example.com/contoso/v2.0']);
  directory.set('of-domain', 'approved', ['spiffe://example.org']);
  const clients = { skipClientIdValidation: false };
  const mismatch = { reason: 'issuer_mismatch' };

  test('counts only where it names the issuer', async () => {
    const policy = policyOf({ ...clients, issuers: [ofA, ofB] });
    const tokenOf = (client_id: string) => ({
      a: signed(keyA, { iss: A, aud: 'orders', client_id }),
      b: signed(keyB, { iss: B, aud: 'stock', client_id }),
    });
    const named = tokenOf('named');
    for (let time = 1; time <= 2; time++) {
      expect(await policy.decide(bearer(await named.a, { directory }))).toMatchObject(mismatch);
      expect(await policy.decide(bearer(await named.b, { directory }))).toHaveProperty('identity.client');
    }
    const silent = await policy.decide(bearer(await tokenOf('silent').a, { directory }));
    expect(silent).toMatchObject({ ...mismatch, detail: expect.stringContaining('does not say which are its own') });
  });

  test('of one issuer counts without a word, and with one only where that is right', async () => {
    const policy = policyOf({ ...clients, issuers: [ofA] });
    const token = (client_id: string) => signed(keyA, { iss: A, aud: 'orders', client_id });
    expect(await policy.decide(bearer(await token('silent'), { directory }))).toHaveProperty('identity.client');
    expect(await policy.decide(bearer(await token('named'), { directory }))).toMatchObject(mismatch);
    const old = policyOf({ ...clients, textKey: jwk(keyA) });
    expect(await old.decide(bearer(await token('silent'), { directory }))).toHaveProperty('identity.client');
    expect(await old.decide(bearer(await token('named'), { directory }))).toMatchObject(mismatch);
  });

  test('does not count where other policies of the API take other issuers, also when it did a moment ago', async () => {
    const policy = policyOf({ ...clients, issuers: [ofA] });
    const request = bearer(await signed(keyA, { iss: A, aud: 'orders', client_id: 'silent' }), { directory });
    expect(await policy.decide(request)).toHaveProperty('identity.client');
    expect(await policy.decide({ ...request, severalIssuers: true })).toMatchObject(mismatch);
    expect(await policy.decide(request)).toHaveProperty('identity.client');
  });

  test('names a tenant, or all that the pattern stands for', async () => {
    const policy = policyOf({ ...clients, issuers: [ofTenants] });
    const decide = async (tid: string, client_id: string) => {
      const iss = ENTRA.replace('{tenantid}', tid);
      return policy.decide(bearer(await signed(keyC, { iss, tid, aud: 'orders', client_id }), { directory }));
    };
    expect(await decide('contoso', 'of-contoso')).toHaveProperty('identity.client');
    expect(await decide('fabrikam', 'of-contoso')).toMatchObject(mismatch);
    expect(await decide('fabrikam', 'of-any-tenant')).toHaveProperty('identity.client');
    expect(await decide('fabrikam', 'silent')).toMatchObject(mismatch);
  });

  test('names a trust domain', async () => {
    const ofDomain = { spiffeTrustDomain: 'example.org', textKey: jwk(keyB), audience: ['orders'] };
    const policy = policyOf({ ...clients, issuers: [ofA, ofDomain] });
    const sub = 'spiffe://example.org/web';
    const decide = async (client_id: string) =>
      policy.decide(bearer(await signed(keyB, { sub, aud: 'orders', exp: 4e9, client_id }), { directory }));
    expect(await decide('of-domain')).toHaveProperty('identity.client');
    expect(await decide('named')).toMatchObject(mismatch);
  });

  test('several names of one issuer are one: whoever has its keys can sign under each', async () => {
    const policy = policyOf({ ...clients, issuers: [{ ...ofA, issuer: [A, B] }] });
    for (const iss of [A, B]) {
      const token = await signed(keyA, { iss, aud: 'orders', client_id: 'silent' });
      expect(await policy.decide(bearer(token, { directory }))).toHaveProperty('identity.client');
    }
    const old = policyOf({ ...clients, textKey: jwk(keyA), issuer: [A, B] });
    const token = await signed(keyA, { iss: A, client_id: 'silent' });
    expect(await old.decide(bearer(token, { directory }))).toMatchObject(mismatch);
  });
});
