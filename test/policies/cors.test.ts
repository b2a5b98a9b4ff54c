import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/pipeline.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { document, snapshotOf } from '../document/documents.ts';
import { checkOf, portsOf } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';

const kinds = { policyKinds };
const SHOP = 'https://shop.example.com';

/** An API that needs credentials before `cors` in every order that a document can say. */
function files(config: object) {
  return {
    'api.json': document('Api', 'orders', {
      policies: [
        { policyRef: { name: 'client-id-enforcement' }, order: 1 },
        { policyRef: { name: 'cors' }, order: 90, config },
      ],
    }),
    'platform.json': {
      apiVersion: 'ostiary.dev/v1alpha1',
      kind: 'PolicyBinding',
      metadata: { name: 'all', namespace: 'platform' },
      spec: {
        targetRef: { kind: 'Selector', selector: { labels: {} } },
        policyRef: { name: 'client-id-enforcement' },
        order: 1,
      },
    },
  };
}

async function answerTo(config: object, parts: CheckParts) {
  const snapshot = await snapshotOf(files(config), kinds);
  const decision = await decide(snapshot, checkOf({ path: '/orders/1', ...parts }), portsOf(), Infinity);
  const headers = Object.fromEntries([...(decision.answer?.headers ?? []), ...(decision.extras?.response ?? [])]);
  return { decision, headers, reason: decision.denial?.reason, extras: decision.extras };
}

function asked(origin: string, method: string, headers?: string, more: Record<string, string> = {}): CheckParts {
  return {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      ...(headers === undefined ? {} : { 'access-control-request-headers': headers }),
      ...more,
    },
  };
}

const group = (parts: object = {}) => ({
  originGroups: [
    { origins: [SHOP, { re2: 'https://[a-z]+\\.example\\.org' }], headers: ['X-Trace', 'content-type'], ...parts },
  ],
});

describe('a preflight', () => {
  it('is answered before every other policy, the platform’s included, whatever the order says', async () => {
    const { decision, headers } = await answerTo(group(), asked(SHOP, 'DELETE', 'content-type, x-trace'));
    expect(decision.answer?.httpStatus).toBe(200);
    expect(decision.policy).toBe('orders/cors');
    expect(decision.steps.map(({ result }) => result)).toEqual(['answer', 'not_reached', 'not_reached']);
    expect(headers).toEqual({
      'access-control-allow-origin': SHOP,
      'access-control-allow-methods': 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT',
      'access-control-allow-headers': 'content-type, x-trace',
      'access-control-max-age': '30',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
  });

  it.each([
    ['another origin', 'https://evil.example.com', 'GET', undefined],
    ['an origin that only begins alike', 'https://shop.example.com.evil.io', 'GET', undefined],
    ['the origin in other letters', 'https://Shop.example.com', 'GET', undefined],
    ['two origins', `${SHOP},${SHOP}`, 'GET', undefined],
    ['two origins, one of which an expression means', `https://a.example.org,${SHOP}`, 'GET', undefined],
    ['a long origin', `https://${'a'.repeat(2_000_000)}.example.org`, 'GET', undefined],
    ['an opaque origin', 'null', 'GET', undefined],
    ['no origin', '', 'GET', undefined],
    ['a path behind the origin', `${SHOP}/`, 'GET', undefined],
    ['a method that is not listed', SHOP, 'PROPFIND', undefined],
    ['a method in small letters', SHOP, 'delete', undefined],
    ['a list of methods', SHOP, 'GET,PUT', undefined],
    ['a header that is not listed', SHOP, 'GET', 'x-trace,x-other'],
    ['authorization', SHOP, 'GET', 'authorization'],
    ['names that are none', SHOP, 'GET', 'x-trace\r\nset-cookie: a'],
    ['an empty name', SHOP, 'GET', 'x-trace,,x-trace'],
  ])('with %s is refused without any of the headers', async (_, origin, method, names) => {
    const { reason, headers } = await answerTo(group(), asked(origin, method, names));
    expect(reason).toBe('preflight_refused');
    expect(headers).toEqual({});
  });

  it('is none without its two headers, or with another method: other policies decide', async () => {
    for (const parts of [
      { method: 'OPTIONS', headers: { origin: SHOP } },
      { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } },
      { method: 'POST', headers: { origin: SHOP, 'access-control-request-method': 'GET' } },
      { method: 'options', headers: { origin: SHOP, 'access-control-request-method': 'GET' } },
    ]) {
      expect((await answerTo(group(), parts)).reason).toBe('client_rejected');
    }
  });

  it('tells of credentials and of private networks where the policy says so', async () => {
    const more = { 'access-control-request-private-network': 'true' };
    const plain = await answerTo(group(), asked(SHOP, 'GET', undefined, more));
    expect(Object.keys(plain.headers)).not.toContain('access-control-allow-private-network');
    const config = { ...group(), supportCredentials: true, allowPrivateNetwork: true };
    expect((await answerTo(config, asked(SHOP, 'GET', undefined, more))).headers).toMatchObject({
      'access-control-allow-origin': SHOP,
      'access-control-allow-credentials': 'true',
      'access-control-allow-private-network': 'true',
    });
  });

  it('may set any header but authorization by the wildcard, and the opaque origin by its name', async () => {
    const config = { originGroups: [{ origins: ['null'], headers: ['*'], allowedMethods: ['GET'] }] };
    const { headers } = await answerTo(config, asked('null', 'HEAD', 'x-any'));
    expect(headers).toMatchObject({ 'access-control-allow-origin': 'null', 'access-control-allow-headers': 'x-any' });
    expect((await answerTo(config, asked('null', 'GET', 'x-any,Authorization'))).reason).toBe('preflight_refused');
  });

  it('takes methods in the reference’s form', async () => {
    const allowedMethods = [
      { methodName: 'PUT', isAllowed: true },
      { methodName: 'DELETE', isAllowed: false },
      { methodName: 'TRACE', isAllowed: true },
    ];
    const config = group({ allowedMethods, accessControlMaxAge: 60 });
    expect((await answerTo(config, asked(SHOP, 'PUT'))).headers).toMatchObject({
      'access-control-allow-methods': 'PUT',
      'access-control-max-age': '60',
    });
    expect((await answerTo(config, asked(SHOP, 'DELETE'))).reason).toBe('preflight_refused');
    expect((await answerTo(config, asked(SHOP, 'TRACE'))).reason).toBe('preflight_refused');
  });
});

describe('the answer to a request', () => {
  it('carries the headers on a denial of a later policy too, so that a script can read it', async () => {
    const { reason, headers, extras } = await answerTo(group({ exposedHeaders: ['X-Total'] }), {
      headers: { origin: SHOP },
    });
    expect(reason).toBe('client_rejected');
    expect(headers['access-control-allow-origin']).toBe(SHOP);
    expect(headers['access-control-expose-headers']).toBe(
      'X-Total, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset',
    );
    expect(extras?.appendResponse).toEqual([['vary', 'Origin']]);
  });

  it.each([
    ['a stranger', { origin: 'https://evil.io' }],
    ['no origin', {}],
  ])('to %s varies, and carries none, the upstream’s own neither', async (_, headers) => {
    const { extras } = await answerTo(group(), { headers });
    expect(extras).toMatchObject({
      response: [],
      appendResponse: [['vary', 'Origin']],
      emptyResponse: [
        'access-control-allow-origin',
        'access-control-allow-credentials',
        'access-control-expose-headers',
      ],
    });
  });

  it('is the same for every origin of a public resource', async () => {
    const { extras } = await answerTo({}, { headers: { origin: 'https://any.io' } });
    expect(extras).toMatchObject({
      response: [
        ['access-control-allow-origin', '*'],
        ['access-control-expose-headers', '*'],
      ],
      appendResponse: [],
    });
    expect((await answerTo({}, asked('null', 'PATCH', 'authorization'))).headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'PATCH',
      'access-control-allow-headers': 'authorization',
    });
  });

  it('of a method that is not allowed carries none, though such a request needs no preflight', async () => {
    const config = group({ allowedMethods: ['GET'] });
    expect((await answerTo(config, { method: 'POST', headers: { origin: SHOP } })).headers).toEqual({});
    expect((await answerTo(config, { method: 'HEAD', headers: { origin: SHOP } })).headers).not.toEqual({});
  });

  it('is one object for one origin, so that it is written once', async () => {
    const snapshot = await snapshotOf(files(group()), kinds);
    const check = checkOf({ path: '/orders/1', headers: { origin: SHOP } });
    const [one, other] = [1, 2].map(() => decide(snapshot, check, portsOf(), Infinity));
    expect((await one)?.extras).toBe((await other)?.extras);
  });
});
