import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Contract } from '../../src/contract/contract.ts';
import { hashSecret } from '../../src/contract/secret.ts';
import { decide } from '../../src/decision/pipeline.ts';
import { createKeySets } from '../../src/jwt/key-sets.ts';
import { textOf } from '../../src/observe/exposition.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createObserver } from '../../src/observe/observer.ts';
import clientIdEnforcement from '../../src/policies/client-id-enforcement.ts';
import httpBasicAuthentication from '../../src/policies/http-basic-authentication.ts';
import jwtValidation from '../../src/policies/jwt-validation.ts';
import type { AccessPolicy, PolicyKind } from '../../src/policy/policy.ts';
import type { Check } from '../../src/request/check.ts';
import { apiOf, bound, portsOf, snapshotOf } from '../policy/fixtures.ts';
import { checkOf, contractOf } from './decisions.ts';
import { logInMemory } from './lines.ts';

const HMAC_KEY = 'an HMAC key that is long enough for HS256';
const APIS = ['client', 'basic', 'user', 'token', 'broken'] as const;
const environment = {
  clock: systemClock,
  keySets: createKeySets({
    fetch: () => Promise.reject(new Error('no network here')),
    clock: systemClock,
    timers: { after: () => () => {} },
    random: Math.random,
  }),
};

/** What generators and their neighbours never contain by chance. */
const secrets = fc.stringMatching(/^[A-Za-z0-9_-]{24,60}$/);

/** Where a caller can put a credential, well formed or not. */
const places: Record<string, (secret: string) => Partial<Check> & { headers?: Record<string, string> }> = {
  'client_secret header': (secret) => ({ headers: { client_id: 'web', client_secret: secret } }),
  'client_secret twice': (secret) => ({ headers: { client_id: 'web', client_secret: `${secret},${secret}` } }),
  'client_id header': (secret) => ({ headers: { client_id: secret, client_secret: secret } }),
  basic: (secret) => ({ headers: { authorization: `Basic ${btoa(`web:${secret}`)}` } }),
  'basic without colon': (secret) => ({ headers: { authorization: `Basic ${btoa(secret)}` } }),
  'basic not in base64': (secret) => ({ headers: { authorization: `Basic web:${secret}` } }),
  'good bearer': (secret) => ({ headers: { authorization: `Bearer ${tokenOf({ client_id: 'web', jti: secret })}` } }),
  'bad signature': (secret) => ({ headers: { authorization: `Bearer ${tokenOf({ sub: 'x' }, 'other')}.${secret}` } }),
  'opaque bearer': (secret) => ({ headers: { authorization: `Bearer ${secret}` } }),
  'two bearers': (secret) => ({ headers: { authorization: `Bearer ${secret},Bearer ${secret}` } }),
  'five dots': (secret) => ({
    headers: { authorization: `Bearer ${secret}.${secret}.${secret}.${secret}.${secret}.` },
  }),
  'claim of a wrong type': (secret) => ({
    headers: { authorization: `Bearer ${tokenOf({ client_id: 'web', exp: secret })}` },
  }),
  'client id of a token': (secret) => ({ headers: { authorization: `Bearer ${tokenOf({ client_id: secret })}` } }),
  'kid of a token': (secret) => ({
    headers: { authorization: `Bearer ${tokenOf({ client_id: 'web' }, HMAC_KEY, { kid: secret })}` },
  }),
  'algorithm of a token': (secret) => ({
    headers: { authorization: `Bearer ${tokenOf({}, HMAC_KEY, { alg: secret })}` },
  }),
  'unknown scheme': (secret) => ({ headers: { authorization: `${secret} ${secret}` } }),
  query: (secret) => ({ path: `/x?access_token=${secret}&client_secret=${secret}` }),
  'encoded query': (secret) => ({ path: `/x%3Faccess_token=${secret}` }),
  fragment: (secret) => ({ path: `/x#${secret}` }),
  'path parameter': (secret) => ({ path: `/x;jsessionid=${secret}/y` }),
  cookie: (secret) => ({ headers: { cookie: `session=${secret}` } }),
  'user part of the host': (secret) => ({ host: `user:${secret}@example.com` }),
  'x-request-id that is a token': (secret) => ({ headers: { 'x-request-id': tokenOf({ sub: secret }) } }),
  'x-forwarded-for': (secret) => ({ headers: { 'x-forwarded-for': secret } }),
};

test.each(Object.keys(places))('a credential as %s is in no log line and no metric', async (place) => {
  await fc.assert(
    fc.asyncProperty(secrets, fc.boolean(), fc.constantFrom(...APIS), async (secret, isRight, api) => {
      const check = checkOf({ path: '/x', ...places[place]?.(secret) });
      const { text, metrics, reasons } = await observed(api, check, isRight ? secret : 'another secret');
      expect(reasons).toHaveLength(1);
      for (const trace of tracesOf(secret)) {
        expect(text).not.toContain(trace);
        expect(metrics).not.toContain(trace);
      }
    }),
    { numRuns: 25 },
  );
});

test('the credentials above are accepted where they are right, so the log has lines of both outcomes', async () => {
  const secret = 'a-right-secret-of-some-length';
  const outcomes = await Promise.all([
    observed('client', checkOf({ path: '/x', ...places['client_secret header']?.(secret) }), secret),
    observed('basic', checkOf({ path: '/x', ...places['basic']?.(secret) }), secret),
    observed('user', checkOf({ path: '/x', ...places['basic']?.(secret) }), secret),
    observed('token', checkOf({ path: '/x', ...places['good bearer']?.(secret) }), secret),
    observed('client', checkOf({ path: '/x', ...places['client_secret header']?.(secret) }), 'another secret'),
    observed('broken', checkOf({ path: '/x' }), secret),
  ]);
  expect(outcomes.map(({ reasons }) => reasons[0])).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    'client_rejected',
    'policy_failed',
  ]);
});

/** Decides a Check by real policies, told to an observer that logs all it may. */
async function observed(api: (typeof APIS)[number], check: Check, clientSecret: string) {
  const memory = logInMemory('debug');
  const metrics = createMetrics({ clock: systemClock, version: '0.0.0' });
  const observer = createObserver({
    metrics,
    log: memory.log,
    clock: systemClock,
    allowRate: 1,
    maxLinesPerSecond: 1000,
    random: Math.random,
    clientAddress: (seen) => seen.header('x-forwarded-for') ?? seen.sourceAddress,
  });
  const contract = contractOf('web');
  const contracts: Contract[] = [
    { ...contract, api, client: { ...contract.client, secrets: [hashSecret(clientSecret)] } },
  ];
  const snapshot = snapshotOf([apiOf({ name: api, access: [bound(api, policyOf(api, clientSecret))] })], { contracts });
  const ports = portsOf({ clock: systemClock, failed: (policy, error) => observer.policyFailed(policy, error) });
  const decision = await decide(snapshot, check, ports, Number.POSITIVE_INFINITY);
  observer.decided(decision, check, 1);
  await observer.flush();
  return {
    text: memory.text(),
    metrics: await textOf(metrics.expose(undefined)),
    reasons: memory
      .lines()
      .filter(({ msg }) => msg === 'decision')
      .map(({ reason }) => reason),
  };
}

function policyOf(api: (typeof APIS)[number], password: string): AccessPolicy {
  const basic = { credentialsOriginHasHttpBasicAuthenticationHeader: 'httpBasicAuthenticationHeader' };
  if (api === 'client') return created(clientIdEnforcement, {});
  if (api === 'basic') return created(clientIdEnforcement, basic);
  if (api === 'user') return created(httpBasicAuthentication, { username: 'web', password });
  if (api === 'token')
    return created(jwtValidation, { signingMethod: 'hmac', textKey: HMAC_KEY, mandatoryExpClaim: false });
  return {
    phase: 'access',
    identityHeaders: [],
    decide({ check }) {
      const seen = check.headerNames().map((name) => check.header(name));
      throw new Error(`a defect that quotes ${check.path} and ${seen.join()}`);
    },
  };
}

function created(kind: PolicyKind, options: object): AccessPolicy {
  return kind.create(kind.options.parse(options), environment) as AccessPolicy;
}

/** The secret as it is, and as it would look inside a token or Basic credentials, wherever it begins. */
function tracesOf(secret: string): string[] {
  const inside = [0, 1, 2].map((shift) => btoa(`${' '.repeat(shift)}${secret}`).slice(4, -4));
  return [secret, secret.slice(0, 16), ...inside];
}

function tokenOf(claims: object, key = HMAC_KEY, header: object = {}): string {
  const part = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64url');
  const signed = `${part({ alg: 'HS256', ...header })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}
