import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import external from '../../src/policies/external-oauth2-access-token-enforcement.ts';
import { policyKinds } from '../../src/policies/index.ts';
import kind from '../../src/policies/oauth2-token-introspection.ts';
import openidconnect from '../../src/policies/openidconnect-access-token-enforcement.ts';
import { document, faultsOf, warningsOf } from '../document/documents.ts';
import { policyEnvironment } from './environment.ts';

const URL = 'https://issuer.example.com/introspect';
const BASIC = { method: 'client_secret_basic', clientId: 'ostiary', clientSecret: 'secret' };
const GOOD = { introspectionURL: URL, clientAuthentication: BASIC };

function faults(config: object, options: z.ZodType = kind.options): readonly string[] {
  const issues = options.safeParse(config).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('options are taken', () => {
  test.each<[string, object]>([
    ['with a secret', GOOD],
    [
      'with a secret of a file',
      { ...GOOD, clientAuthentication: { ...BASIC, clientSecret: undefined, clientSecretFile: 'f' } },
    ],
    ['with a header', { introspectionURL: URL, authorizationValue: 'Basic YTpi' }],
    ['with an issuer alone', { issuer: 'https://issuer.example.com', clientAuthentication: BASIC }],
    [
      'with metadata elsewhere',
      { issuer: 'urn:issuer', metadataUrl: 'https://a.example.com/.well-known/x', clientAuthentication: BASIC },
    ],
    ['with an issuer that is no URL, and is not asked', { ...GOOD, issuer: 'urn:issuer' }],
    ['over http to loopback', { ...GOOD, introspectionURL: 'http://localhost/x' }],
    [
      'over http elsewhere by choice',
      { ...GOOD, introspectionURL: 'http://issuer.svc/x', allowInsecureIntrospection: true },
    ],
    [
      'with mutual TLS',
      {
        introspectionURL: URL,
        clientAuthentication: { method: 'tls_client_auth', clientId: 'a' },
        tls: { certificateFile: 'c', keyFile: 'k' },
      },
    ],
    ['with scopes by comma', { ...GOOD, scopes: 'a,b c', scopeValidationCriteria: 'OR' }],
    ['with signed answers', { ...GOOD, issuer: 'https://issuer.example.com', signedResponse: true }],
    ['with exposed properties', { ...GOOD, exposeHeaders: true, exposedProperties: ['sub', 'department'] }],
  ])('%s', (_, config) => {
    expect(faults(config)).toEqual([]);
  });
});

describe('options are refused', () => {
  test.each<[string, object, RegExp]>([
    ['without a place to ask', { clientAuthentication: BASIC }, /^introspectionURL: is missing/],
    ['without authentication', { introspectionURL: URL }, /^clientAuthentication: is missing/],
    ['with two of them', { ...GOOD, authorizationValue: 'Basic x' }, /^authorizationValue: has no effect/],
    [
      'with a header that is none',
      { introspectionURL: URL, authorizationValue: 'Basic\nx' },
      /^authorizationValue: is not a value/,
    ],
    [
      'without a secret',
      { ...GOOD, clientAuthentication: { ...BASIC, clientSecret: undefined } },
      /^clientAuthentication.clientSecret: is missing/,
    ],
    [
      'with two secrets',
      { ...GOOD, clientAuthentication: { ...BASIC, clientSecretFile: 'f' } },
      /^clientAuthentication.clientSecretFile: stands beside/,
    ],
    [
      'with an unknown method',
      { ...GOOD, clientAuthentication: { method: 'client_secret_jwt' } },
      /^clientAuthentication/,
    ],
    [
      'without a certificate',
      { ...GOOD, clientAuthentication: { method: 'tls_client_auth', clientId: 'a' } },
      /^tls: is missing/,
    ],
    ['with half of a pair', { ...GOOD, tls: { keyFile: 'k' } }, /^tls.certificateFile: is missing/],
    [
      'over http',
      { ...GOOD, introspectionURL: 'http://issuer.example.com/' },
      /^introspectionURL: over http.*allowInsecureIntrospection: true/,
    ],
    [
      'with a link-local URL',
      { ...GOOD, introspectionURL: 'https://169.254.169.254/' },
      /^introspectionURL: it leads to a link-local/,
    ],
    [
      'with a password in the URL',
      { ...GOOD, introspectionURL: 'https://a:hidden@b.example.com/' },
      /^introspectionURL: a URL with user/,
    ],
    [
      'with an issuer to ask that is no URL',
      { issuer: 'urn:x', clientAuthentication: BASIC },
      /^issuer: begins with a scheme/,
    ],
    ['with metadata of nobody', { ...GOOD, metadataUrl: URL }, /^issuer: is missing/],
    ['with signed answers of nobody', { ...GOOD, signedResponse: true }, /^issuer: is missing/],
    [
      'with signed answers for nobody',
      { introspectionURL: URL, issuer: 'https://a', clientAuthentication: { method: 'none' }, signedResponse: true },
      /^clientAuthentication: must name/,
    ],
    ['with keys of no signed answers', { ...GOOD, jwksUrl: URL }, /^jwksUrl: has no effect/],
    [
      'with signatures by a shared secret',
      { ...GOOD, issuer: 'https://a', signedResponse: true, signedResponseAlgorithms: ['HS256'] },
      /^signedResponseAlgorithms: must be of public keys/,
    ],
    ['with an audience, and any', { ...GOOD, audience: 'a', anyAudience: true }, /^anyAudience: contradicts/],
    ['with one of no scopes', { ...GOOD, scopeValidationCriteria: 'OR' }, /^scopeValidationCriteria: has no effect/],
    ['with a scope that is none', { ...GOOD, scopes: ['a"b'] }, /^scopes: a scope is/],
    [
      'with two names of the client',
      { ...GOOD, consumerBy: 'username', clientIdExpression: '#[vars.claimSet.azp]' },
      /^consumerBy: has no effect/,
    ],
    [
      'with a client that callers choose',
      { ...GOOD, clientIdExpression: "#[attributes.headers['x']]" },
      /^clientIdExpression: must select a property/,
    ],
    [
      'with a client that is not established',
      { ...GOOD, skipClientIdValidation: true, consumerBy: 'username' },
      /^consumerBy: has no effect/,
    ],
    [
      'with properties that are not exposed',
      { ...GOOD, exposedProperties: ['sub'] },
      /^exposedProperties: has no effect/,
    ],
    [
      'with a header twice',
      { ...GOOD, exposeHeaders: true, claimsToHeaders: [{ claim: 'a', header: 'X_AGW_Sub' }] },
      /^exposedProperties: x-agw-sub is named twice/,
    ],
    [
      'with a header of ours',
      { ...GOOD, claimsToHeaders: [{ claim: 'a', header: 'x-ostiary-tier' }] },
      /^claimsToHeaders.0.header: .*own/,
    ],
    ['with a TTL of no refusals', { ...GOOD, rejectedTokenTTL: 0 }, /^rejectedTokenTTL/],
    ['with what is unknown', { ...GOOD, secureTrustStore: true }, /secureTrustStore/],
  ])('%s', (_, config, fault) => {
    const found = faults(config);
    expect(found.join('\n')).toMatch(fault);
    expect(found.join('\n')).not.toMatch(/hidden/);
  });
});

test('under its other names the same options are taken, and those that the name brings', () => {
  expect(faults({ tokenUrl: URL, authorizationValue: 'Basic x' }, external.options)).toEqual([]);
  expect(faults({ tokenUrl: 'http://a.example.com/', authorizationValue: 'Basic x' }, external.options)[0]).toMatch(
    /^tokenUrl: over http/,
  );
  expect(faults({ ...GOOD, tokenUrl: URL }, external.options)[0]).toMatch(
    /^introspectionURL: is tokenUrl by another name/,
  );
  expect(faults({ ...GOOD, maxCacheSize: 10 }, openidconnect.options)).toEqual([]);
  expect(faults({ ...GOOD, maxCacheSize: 10 })).not.toEqual([]);
  for (const name of ['oauth2-token-introspection', openidconnect.name, external.name])
    for (const suffix of ['', '-flex']) expect(policyKinds.get(`${name}${suffix}`)?.name).toBe(name);
});

describe('documents', () => {
  const changed = { policyKinds, environment: policyEnvironment() };
  const files = (config: object, more: Record<string, string> = {}) => ({
    'a.json': JSON.stringify(document('Api', 'a', { policies: [{ policyRef: { name: kind.name }, config }] })),
    ...more,
  });

  test('are warned about where no audience is named, unless any is meant', async () => {
    const warning = /warning: spec\.policies\[0\]\.config\.audience: is missing: every active token.*anyAudience: true/;
    expect(await warningsOf(files(GOOD), changed)).toEqual([expect.stringMatching(warning)]);
    expect(await warningsOf(files({ ...GOOD, audience: 'a' }), changed)).toEqual([]);
    expect(await warningsOf(files({ ...GOOD, anyAudience: true }), changed)).toEqual([]);
  });

  test('are warned about where they name loopback, which is not reached', async () => {
    const config = { ...GOOD, introspectionURL: 'http://localhost:8080/x', audience: 'a' };
    expect(await warningsOf(files(config), changed)).toEqual([
      expect.stringMatching(/config\.introspectionURL: names loopback.*--egress-allow localhost:8080/),
    ]);
  });

  test('have a fault where a file that they name is missing or broken, without a word of it', async () => {
    const secret = {
      ...GOOD,
      audience: 'a',
      clientAuthentication: { ...BASIC, clientSecret: undefined, clientSecretFile: 'secret.txt' },
    };
    expect(await faultsOf(files(secret), changed)).toEqual([expect.stringMatching(/clientSecretFile: .*no such file/)]);
    expect(await faultsOf(files(secret, { 'secret.txt': '\n' }), changed)).toEqual([expect.stringMatching(/is empty/)]);
    expect(await faultsOf(files(secret, { 'secret.txt': 'hunter2\n' }), changed)).toEqual([]);
    const tls = {
      ...GOOD,
      audience: 'a',
      tls: { authoritiesFile: 'ca.pem', certificateFile: 'ca.pem', keyFile: 'key.pem' },
    };
    const found = await faultsOf(files(tls, { 'ca.pem': 'hunter2', 'key.pem': 'hunter2' }), changed);
    expect(found.join('\n')).toMatch(/no certificate in PEM/);
    expect(found.join('\n')).toMatch(/no private key in PEM/);
    expect(found.join('\n')).not.toContain('hunter2');
  });
});
