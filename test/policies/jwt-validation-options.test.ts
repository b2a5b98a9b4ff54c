import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import jwtValidation from '../../src/policies/jwt-validation.ts';
import { faultsOf } from '../jwt/policy.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
const PEM = rsa.export({ type: 'spki', format: 'pem' }).toString();
const TEXT = { textKey: PEM };
const SECRET = 'a secret of enough bytes for a hash of 256 bits';
const URL = 'https://issuer.example.com/jwks.json';

describe('options are accepted', () => {
  test.each<[string, Record<string, unknown>]>([
    ['a public key alone', TEXT],
    ['a key set', { jwtKeyOrigin: 'jwks', jwksUrl: URL }],
    ['two key sets by comma', { jwtKeyOrigin: 'jwks', jwksUrl: `${URL}, https://other.example.com/keys` }],
    ['key sets as a list', { jwtKeyOrigin: 'jwks', jwksUrl: [URL] }],
    ['http: to loopback', { jwtKeyOrigin: 'jwks', jwksUrl: 'http://127.0.0.1:80/,http://localhost/,http://[::1]/' }],
    ['http: elsewhere by choice', { jwtKeyOrigin: 'jwks', jwksUrl: 'http://keys.svc/', allowInsecureJwks: true }],
    ['HMAC', { textKey: SECRET, signingMethod: 'hmac' }],
    ['an allow-list', { ...TEXT, algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'] }],
    ['audiences by comma', { ...TEXT, validateAudClaim: true, supportedAudiences: 'a, b' }],
    ['audiences as a list', { ...TEXT, validateAudClaim: true, mandatoryAudClaim: true, supportedAudiences: ['a'] }],
    [
      'custom claims',
      { ...TEXT, validateCustomClaim: true, mandatoryCustomClaims: [{ key: 'env', value: ['a', 1, true] }] },
    ],
    ['the empty text of the other key origin', { jwtKeyOrigin: 'jwks', jwksUrl: URL, textKey: '' }],
  ])('%s', (_what, options) => {
    expect(faultsOf(options)).toEqual([]);
  });
});

describe('options are refused', () => {
  test.each<[string, Record<string, unknown>, string, RegExp]>([
    ['no key', {}, 'textKey', /is missing/],
    ['an unknown key', { ...TEXT, audience: 'a' }, '', /audience/],
    ['none', { ...TEXT, signingMethod: 'none' }, 'signingMethod', /never accepted/],
    ['none in the list', { ...TEXT, algorithms: ['none'] }, 'algorithms.0', /never accepted/],
    ['an empty allow-list', { ...TEXT, algorithms: [] }, 'algorithms', /./],
    [
      'algorithms beside signingMethod',
      { ...TEXT, algorithms: ['RS256'], signingMethod: 'rsa' },
      'signingMethod',
      /beside algorithms/,
    ],
    [
      'algorithms beside signingKeyLength',
      { ...TEXT, algorithms: ['RS256'], signingKeyLength: 256 },
      'signingKeyLength',
      /beside algorithms/,
    ],
    ['HMAC beside RSA', { ...TEXT, algorithms: ['RS256', 'HS256'] }, 'algorithms', /can not be mixed/],
    [
      'HMAC from a key set',
      { jwtKeyOrigin: 'jwks', jwksUrl: URL, signingMethod: 'hmac' },
      'signingMethod',
      /no shared secrets/,
    ],
    ['a short secret', { textKey: 'short', signingMethod: 'hmac' }, 'textKey', /5 bytes; HS256 needs at least 32/],
    ['a key that does not fit', { ...TEXT, signingMethod: 'es' }, 'textKey', /does not fit ES256/],
    ['a URL with the key as text', { ...TEXT, jwksUrl: URL }, 'jwksUrl', /set jwtKeyOrigin: jwks/],
    ['a text with the key from a URL', { ...TEXT, jwtKeyOrigin: 'jwks', jwksUrl: URL }, 'textKey', /no effect/],
    ['no URL', { jwtKeyOrigin: 'jwks', jwksUrl: ' , ' }, 'jwksUrl', /is missing/],
    ['http:', { jwtKeyOrigin: 'jwks', jwksUrl: 'http://issuer.example.com/' }, 'jwksUrl', /allowInsecureJwks/],
    [
      'http: to a name like loopback',
      { jwtKeyOrigin: 'jwks', jwksUrl: 'http://127.0.0.1.example.com/' },
      'jwksUrl',
      /allowInsecureJwks/,
    ],
    [
      'another scheme',
      { jwtKeyOrigin: 'jwks', jwksUrl: 'file:///etc/keys' },
      'jwksUrl',
      /a scheme that is not supported/,
    ],
    [
      'a user in the URL',
      { jwtKeyOrigin: 'jwks', jwksUrl: 'https://a:hidden@example.com/' },
      'jwksUrl',
      /user and password/,
    ],
    ['no URL at all', { jwtKeyOrigin: 'jwks', jwksUrl: 'jwks' }, 'jwksUrl', /is no URL/],
    [
      'audiences that are not checked',
      { ...TEXT, supportedAudiences: 'a' },
      'supportedAudiences',
      /validateAudClaim: true/,
    ],
    [
      'a mandatory audience that is not checked',
      { ...TEXT, mandatoryAudClaim: true },
      'mandatoryAudClaim',
      /validateAudClaim: true/,
    ],
    ['no audience to check', { ...TEXT, validateAudClaim: true }, 'supportedAudiences', /at least one/],
    [
      'custom claims that are not checked',
      { ...TEXT, nonMandatoryCustomClaims: [{ key: 'a', value: 1 }] },
      'nonMandatoryCustomClaims',
      /validateCustomClaim: true/,
    ],
    ['no custom claims to check', { ...TEXT, validateCustomClaim: true }, 'validateCustomClaim', /needs/],
    [
      'an expression as a value',
      { ...TEXT, validateCustomClaim: true, mandatoryCustomClaims: [{ key: 'a', value: '#[vars.x]' }] },
      'mandatoryCustomClaims.0.value',
      /literal/,
    ],
    [
      'an expression without its origin',
      { ...TEXT, jwtExpression: "#[attributes.headers['jwt']]" },
      'jwtExpression',
      /customExpression/,
    ],
    [
      'a literal as token',
      { ...TEXT, jwtOrigin: 'customExpression', jwtExpression: 'token' },
      'jwtExpression',
      /must select a header/,
    ],
    [
      'an unsupported expression',
      { ...TEXT, jwtOrigin: 'customExpression', jwtExpression: '#[payload]' },
      'jwtExpression',
      /supported are/,
    ],
    [
      'a query parameter to be removed',
      { ...TEXT, jwtOrigin: 'customExpression', jwtExpression: '#[attributes.queryParams.t]', forwardToken: false },
      'forwardToken',
      /query parameter/,
    ],
    [
      "a client id of the caller's choice",
      { ...TEXT, clientIdExpression: "#[attributes.headers['client_id']]" },
      'clientIdExpression',
      /claim of the token/,
    ],
    [
      'a literal client id in a list',
      { ...TEXT, clientIdExpression: ['#[vars.claimSet.azp]', 'shop'] },
      'clientIdExpression.1',
      /claim of the token/,
    ],
    ['a scope with a space', { ...TEXT, requiredScopes: ['a b'] }, 'requiredScopes.0', /without space/],
    ['a status of 403', { ...TEXT, missingTokenStatus: 403 }, 'missingTokenStatus', /./],
    [
      'a time to live of no minute',
      { jwtKeyOrigin: 'jwks', jwksUrl: URL, jwksServiceTimeToLive: 0 },
      'jwksServiceTimeToLive',
      /./,
    ],
    ['negative leeway', { ...TEXT, clockToleranceSeconds: -1 }, 'clockToleranceSeconds', /./],
    [
      'a header twice',
      {
        ...TEXT,
        claimsToHeaders: [
          { claim: 'a', header: 'x-a' },
          { claim: 'b', header: 'X_A' },
        ],
      },
      'claimsToHeaders.1.header',
      /twice/,
    ],
    [
      'the header of the token',
      { ...TEXT, jwtOrigin: 'customExpression', claimsToHeaders: [{ claim: 'a', header: 'JWT' }] },
      'claimsToHeaders.0.header',
      /where the token is/,
    ],
  ])('%s', (_what, options, field, message) => {
    const faults = faultsOf(options);
    expect(faults.filter((fault) => fault.startsWith(`${field}: `)).join()).toMatch(message);
    expect(faults.join()).not.toMatch(/hidden|short/);
  });

  test.each([
    'host',
    'Authorization',
    'content-length',
    'x-forwarded-for',
    'X_Forwarded_For',
    'x-envoy-peer',
    'x-ostiary-client-id',
    ':path',
    'a b',
    '',
  ])('a claim in the header %s', (header) => {
    const faults = faultsOf({ ...TEXT, claimsToHeaders: [{ claim: 'a', header }] });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^claimsToHeaders\.0\.header: /);
  });
});

test('the options have a JSON Schema with every default', () => {
  const schema = z.toJSONSchema(jwtValidation.options, { io: 'input' });
  const properties = schema.properties as Record<string, { default?: unknown }>;
  const without = Object.keys(properties).filter((name) => properties[name]?.default === undefined);
  expect(without).toEqual([
    'places',
    'algorithms',
    'textKey',
    'jwksUrl',
    'issuer',
    'issuers',
    'forwarders',
    'upstreamHeaders',
  ]);
});
