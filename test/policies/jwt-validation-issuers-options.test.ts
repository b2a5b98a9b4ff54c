import { describe, expect, test } from 'vitest';
import { faultsOf } from '../jwt/policy.ts';
import { A, ENTRA, jwk, keyA, ofA, ofB, ofTenants, SECRET } from '../jwt/several-issuers.ts';

describe('options of several issuers', () => {
  const faults = (...issuers: object[]): readonly string[] => faultsOf({ issuers });

  test('may be mixed', () => {
    const shared = { issuer: 'legacy', textKey: SECRET, algorithms: ['HS256'] };
    const spiffe = { spiffeTrustDomain: 'example.org', jwksUrl: 'https://spire.example.org/keys', audience: 'a' };
    const tenants = { issuer: 'https://{tenant}.login.example.com/', jwksUrl: 'https://login.example.com/keys' };
    expect(faults(ofA, ofB, ofTenants, shared, spiffe, tenants)).toEqual([]);
  });

  test.each<[string, object[], RegExp]>([
    ['no name', [{ textKey: jwk(keyA) }], /^issuers\.0: needs issuer/],
    ['two names', [{ ...ofA, spiffeTrustDomain: 'a.org' }], /^issuers\.0\.spiffeTrustDomain: stands in place of/],
    ['no key', [{ issuer: A }], /^issuers\.0: has no keys: an issuer needs/],
    ['two kinds of keys', [{ ...ofA, jwksUrl: 'https://a.example.com/' }], /^issuers\.0\.textKey: and jwksUrl exclude/],
    ['http:', [{ issuer: A, jwksUrl: 'http://a.example.com/' }], /^issuers\.0\.jwksUrl: over http:/],
    ['a key that does not fit', [{ ...ofA, algorithms: ['ES256'] }], /^issuers\.0\.textKey: the key does not fit/],
    ['mixed algorithms', [{ ...ofA, algorithms: ['HS256', 'RS256'] }], /^issuers\.0\.algorithms: a shared secret/],
    ['none', [{ ...ofA, algorithms: ['none'] }], /^issuers\.0\.algorithms\.0: unsigned/],
    ['the same name', [ofA, ofB, { ...ofA, audience: 'x' }], /^issuers\.2\.issuer: is the name of issuers\[0\] too/],
    ['a name twice', [{ ...ofA, issuer: [A, A] }], /^issuers\.0\.issuer: is named twice/],
    [
      'the same pattern',
      [ofTenants, { ...ofTenants, issuer: ENTRA.replace('tenantid', 't') }],
      /^issuers\.1\.issuer: is/,
    ],
    [
      'a pattern among names',
      [{ ...ofTenants, issuer: [ENTRA, A], tenantClaim: 'tid' }],
      /^issuers\.0\.issuer: a pattern/,
    ],
    ['two placeholders', [{ ...ofA, issuer: 'https://a.com/{x}/{y}' }], /^issuers\.0\.issuer: needs exactly one/],
    ['half a placeholder', [{ ...ofA, issuer: 'https://a.com/{x' }], /^issuers\.0\.issuer: needs exactly one/],
    ['part of a segment', [{ ...ofA, issuer: 'https://a.com/x{y}' }], /^issuers\.0\.issuer: in a path/],
    ['a whole domain', [{ ...ofA, issuer: 'https://{x}.com/' }], /^issuers\.0\.issuer: in a host/],
    ['the end of a host', [{ ...ofA, issuer: 'https://login.{x}' }], /^issuers\.0\.issuer: in a host/],
    ['part of a label', [{ ...ofA, issuer: 'https://a{x}.b.com/' }], /^issuers\.0\.issuer: in a host/],
    ['a pattern without https:', [{ ...ofA, issuer: '{x}' }], /^issuers\.0\.issuer: a pattern begins/],
    ['a tenant claim of nothing', [{ ...ofA, tenantClaim: 'tid' }], /^issuers\.0\.tenantClaim: has no effect/],
    ['tenants of nothing', [{ ...ofA, tenants: ['x'] }], /^issuers\.0\.tenants: has no effect/],
    [
      'an SVID without audience',
      [{ spiffeTrustDomain: 'a.org', textKey: jwk(keyA) }],
      /^issuers\.0\.audience: is missing/,
    ],
    [
      'a trust domain as URL',
      [{ spiffeTrustDomain: 'spiffe://a.org', textKey: jwk(keyA), audience: 'a' }],
      /without spiffe:/,
    ],
    [
      'an SVID by EdDSA',
      [{ spiffeTrustDomain: 'a.org', jwksUrl: 'https://a.org', audience: 'a', algorithms: ['EdDSA'] }],
      /^issuers\.0\.algorithms: a JWT-SVID/,
    ],
    ['an unknown key', [{ ...ofA, aud: 'x' }], /aud/],
  ])('%s is refused', (_what, issuers, message) => {
    expect(faults(...issuers).join('\n')).toMatch(message);
  });

  test.each<[string, Record<string, unknown>]>([
    ['issuer', { issuer: A }],
    ['textKey', { textKey: jwk(keyA) }],
    ['jwksUrl', { jwksUrl: 'https://a.example.com/' }],
    ['jwtKeyOrigin', { jwtKeyOrigin: 'jwks' }],
    ['algorithms', { algorithms: ['RS256'] }],
    ['signingMethod', { signingMethod: 'es' }],
    ['validateAudClaim', { validateAudClaim: true }],
    ['supportedAudiences', { supportedAudiences: 'a' }],
  ])('%s beside them is refused', (field, options) => {
    expect(faultsOf({ issuers: [ofA], ...options })).toContainEqual(
      expect.stringMatching(`^${field}: has no effect beside issuers`),
    );
  });
});
