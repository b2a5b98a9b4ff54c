import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { document, faultsOf, warningsOf } from './documents.ts';

const options = { policyKinds, environment: policyEnvironment(), env: { TOKEN: 'x' }, clock: systemClock };

async function warned(policy: object): Promise<string[]> {
  const api = document('Api', 'a', { basePath: '/a', policies: [policy] });
  const warnings = await warningsOf({ 'a.json': JSON.stringify(api) }, options);
  return warnings.filter((warning) => warning.includes(': warning: '));
}

const header = (value: unknown): object => ({
  policyRef: { name: 'header-injection' },
  config: { inboundHeaders: [{ key: 'x-team', value }] },
});
const limit = (config: object, fields: object = {}): object => ({
  policyRef: { name: 'rate-limiting' },
  config: { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }], ...config },
  ...fields,
});

describe('a variable behind other text', () => {
  it.each(['Bearer $TOKEN', 'https://$TOKEN/x'])('is told of: %s', async (value) => {
    expect(await warned(header(value))).toEqual([
      expect.stringContaining(
        'inboundHeaders[0].value: has a $NAME inside other text, where it is not a variable: write ${NAME}',
      ),
    ]);
  });

  it.each(['Bearer ${TOKEN}', '$TOKEN', '$$TOKEN', 'costs 5$', 'a$TOKEN', '$$2y$10$ABCDEFGH'])(
    'is not seen in %s',
    async (value) => {
      expect(await warned(header(value))).toEqual([]);
    },
  );

  it('is told without the text, which may be a secret', async () => {
    const secret = `${'k'.repeat(40)}!$ABCDEF`;
    const config = { signingMethod: 'hmac', textKey: secret, skipClientIdValidation: true };
    const warnings = await warned({ policyRef: { name: 'jwt-validation' }, config });
    expect(warnings).toHaveLength(1);
    expect(warnings.join()).not.toContain('ABCDEF');
  });
});

describe('a text that reads like CEL', () => {
  it('is told of where an expression stands', async () => {
    expect(await warned(limit({ keySelector: ['request.address', '#[attributes.method]'] }))).toEqual([
      expect.stringContaining('keySelector[0]: is this text itself, the same for every request'),
    ]);
    expect(await warned(header('claims.team'))).toEqual([expect.stringContaining('write {cel: "claims.team"}')]);
  });

  it.each(['api.example.com', 'request', 'tier.gold', 'claims-team', 'source.address-list'])(
    'is not seen in %s',
    async (value) => {
      expect(await warned(header(value))).toEqual([]);
    },
  );
});

describe('an expression of a rule', () => {
  it.each([
    [
      { path: '/v1/*' },
      'rules[0].path: is an expression (RE2), in which * repeats the slash: "/v1/x" does not match; write "/v1/.*"',
    ],
    [{ methods: 'GET, POST' }, 'rules[0].methods: is an expression (RE2) that no method matches: write "GET|POST"'],
    [{ path: '/v1/.*', not: [{ path: '/v1/open/*' }] }, 'rules[0].not[0].path: is an expression'],
  ])('that is a list or a pattern of another product is told of: %j', async (rule, message) => {
    expect(await warned(limit({}, { rules: [rule] }))).toEqual([expect.stringContaining(message)]);
    const group = { authentication: { anyOf: [{ policyRef: { name: 'client-id-enforcement' } }] }, rules: [rule] };
    expect(await warned(group)).toEqual([expect.stringContaining(message)]);
  });

  it.each([{ path: '/v1/.*' }, { path: '/v1(/.*)?' }, { methods: 'GET|POST' }, { methods: '[A-Z]{3,4}' }])(
    'that says what it seems to say is not: %j',
    async (rule) => {
      expect(await warned(limit({}, { rules: [rule] }))).toEqual([]);
    },
  );
});

describe('a kind of policy by the name that it has elsewhere', () => {
  it.each([
    ['basic-auth', 'did you mean "http-basic-authentication"?'],
    ['key_auth', 'did you mean "api-key"?'],
    ['ip-whitelist', 'did you mean "ip-allowlist"?'],
    ['http-caching-flex', 'it is a part of Envoy (docs/policies/elsewhere.md)'],
    ['api-kee', 'did you mean "api-key"?'],
    ['unheard-of', '(known: api-key, authorization, '],
  ])('%s is answered by what to write', async (name, remedy) => {
    const api = document('Api', 'a', { basePath: '/a', policies: [{ policyRef: { name } }] });
    expect(await faultsOf({ 'a.json': JSON.stringify(api) }, options)).toEqual([expect.stringContaining(remedy)]);
  });
});
