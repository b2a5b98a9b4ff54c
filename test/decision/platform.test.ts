import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { decide } from '../../src/decision/pipeline.ts';
import { policyKinds } from '../../src/policies/index.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { document, snapshotOf } from '../document/documents.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { checkOf, portsOf } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';

const changed = { policyKinds, environment: policyEnvironment() };
const KEY = 'x'.repeat(32);
const JWT = {
  policyRef: { name: 'jwt-validation' },
  config: { signingMethod: 'hmac', textKey: KEY, issuer: 'https://a.example', skipClientIdValidation: true },
};
const CLIENTS = { policyRef: { name: 'client-id-enforcement' }, config: {} };
const KNOWN = { client_id: 'shop-id', client_secret: 'shop-secret' };

function bearer(): Record<string, string> {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'HS256' })}.${encode({ iss: 'https://a.example', exp: 4_102_444_800 })}`;
  return { authorization: `Bearer ${signed}.${createHmac('sha256', KEY).update(signed).digest('base64url')}` };
}

const MOST = 2_147_483_647;

/** An API with the platform's binding beside its own policies; the client `shop` has a contract. */
function load(
  own: readonly object[],
  platform: object = CLIENTS,
  bindings: readonly object[] = [],
  also: readonly object[] = [],
  more: object = {},
): Promise<Snapshot> {
  const all = { targetRef: { kind: 'Selector', selector: {} }, order: MOST };
  return snapshotOf(
    {
      'api.json': document('Api', 'orders', { policies: own, ...more }),
      'platform.json': document('PolicyBinding', 'everybody', { ...all, ...platform }, { namespace: 'platform' }),
      'client.json': document('ClientApplication', 'shop', {
        clientId: 'shop-id',
        clientSecret: { value: 'shop-secret' },
      }),
      'contract.json': document('Contract', 'c', { clientApplication: 'shop', api: 'orders', status: 'approved' }),
      ...Object.fromEntries(
        also.map((spec, at) => {
          const placed = { ...all, order: 0, ...spec };
          return [`also${at}.json`, document('PolicyBinding', `also${at}`, placed, { namespace: 'platform' })];
        }),
      ),
      ...Object.fromEntries(bindings.map((spec, at) => [`b${at}.json`, document('PolicyBinding', `b${at}`, spec)])),
    },
    changed,
  );
}

async function by(snapshot: Snapshot, headers: Record<string, string> = {}, parts: CheckParts = {}) {
  const { denial, policy } = await decide(snapshot, checkOf({ headers, ...parts }), portsOf(), Infinity);
  return denial === undefined ? 'allowed' : `${policy}: ${denial.reason}`;
}

const DENIED = 'platform/everybody: client_rejected';

it.each([
  ['a group with an alternative that the request has', [{ authentication: { anyOf: [JWT, CLIENTS] }, order: -MOST }]],
  ['a policy that runs as early as it can', [{ ...JWT, order: -MOST }]],
  ['a policy of the same kind in shadow mode', [{ ...CLIENTS, mode: 'shadow', order: -MOST }]],
  ['a policy of the same kind for other paths', [{ ...CLIENTS, rules: [{ path: '/other' }] }]],
  ['a policy that never applies', [{ ...JWT, rules: [{ not: [{ path: '/.*' }] }] }]],
  ['a policy that lets requests pass if it fails', [{ ...JWT, onFailure: 'allow' }]],
  ['nothing at all', []],
])('the platform’s policy decides first beside %s', async (_, own) => {
  const snapshot = await load(own);
  expect(snapshot.apis[0]?.access[0]?.name).toBe('platform/everybody');
  expect(await by(snapshot, bearer())).toBe(DENIED);
  expect(await by(snapshot, bearer(), { path: '/x' })).toBe(DENIED);
});

it('the platform’s group and an API’s own are two: the credentials of the one are none of the other', async () => {
  const group = (...anyOf: object[]) => ({ authentication: { anyOf } });
  const snapshot = await load([group(JWT)], group(CLIENTS));
  expect(await by(snapshot, bearer())).toBe('platform/everybody: credential_missing');
  expect(await by(snapshot, KNOWN)).toBe('orders/authentication: credential_missing');
  expect(await by(snapshot, { ...KNOWN, ...bearer() })).toBe('allowed');
});

it('a binding of the API’s namespace comes after the platform’s, and takes nothing from it', async () => {
  const binding = {
    targetRef: { kind: 'Api', name: 'orders' },
    order: -MOST,
    authentication: { anyOf: [JWT, CLIENTS] },
  };
  const snapshot = await load([], CLIENTS, [binding]);
  expect(snapshot.apis[0]?.access.map(({ name }) => name)).toEqual(['platform/everybody', 'b0']);
  expect(await by(snapshot, bearer())).toBe(DENIED);
  expect(await by(snapshot, KNOWN)).toBe('allowed');
});

it('the platform’s own rules and mode are its own', async () => {
  const some = await load([], { ...CLIENTS, rules: [{ path: '/admin.*' }] });
  expect(await by(some, {}, { path: '/admin/x' })).toBe(DENIED);
  expect(await by(some, {}, { path: '/x' })).toBe('allowed');
  expect(await by(await load([], { ...CLIENTS, mode: 'shadow' }))).toBe('allowed');
});

// What an API's own policies establish is nothing that the platform's go by, where the platform's establish it too.

const sla = (keySelector: string) => ({
  policyRef: { name: 'rate-limiting' },
  config: { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 60_000 }], keySelector },
});
const SETS_USER = {
  policyRef: { name: 'header-injection' },
  config: { inboundHeaders: [{ key: 'x-user', value: '#[attributes.headers["x-random"]]' }] },
};

async function keysOf(snapshot: Snapshot, headers: Record<string, string>): Promise<readonly string[]> {
  const keys: string[] = [];
  const ports = portsOf();
  const take: typeof ports.take = (demands, deadline) => {
    keys.push(...demands.map(({ key }) => key));
    return ports.take(demands, deadline);
  };
  await decide(snapshot, checkOf({ headers }), { ...ports, take }, Infinity);
  return keys;
}

it('the platform counts by the claims of its own tokens, whatever another policy verifies', async () => {
  const token = (issuer: string, sub: string) => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const signed = `${encode({ alg: 'HS256' })}.${encode({ iss: issuer, sub, exp: 4_102_444_800 })}`;
    return `${signed}.${createHmac('sha256', KEY).update(signed).digest('base64url')}`;
  };
  const own = {
    ...JWT,
    config: {
      ...JWT.config,
      issuer: 'https://b.example',
      jwtOrigin: 'customExpression',
      jwtExpression: '#[attributes.headers["x-token"]]',
    },
  };
  const snapshot = await load([own], JWT, [], [sla('#[vars.claimSet.sub]')]);
  const of = (sub: string) =>
    keysOf(snapshot, {
      authorization: `Bearer ${token('https://a.example', 'alice')}`,
      'x-token': token('https://b.example', sub),
    });
  const keys = [...(await of('one')), ...(await of('two'))];
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});

it('no document can set the header that the platform counts or applies by', async () => {
  await expect(load([SETS_USER], CLIENTS, [], [sla('#[attributes.headers["x-user"]]')])).rejects.toThrow(/x-user/);
  const applying = {
    ...sla(''),
    config: { rateLimits: sla('').config.rateLimits },
    rules: [{ headers: { 'x-user': '.+' } }],
  };
  await expect(load([SETS_USER], CLIENTS, [], [applying])).rejects.toThrow(/x-user/);
});

it('an API that keeps encoded slashes meets the platform’s rules as before', async () => {
  const path = await load([], { ...CLIENTS, rules: [{ path: '/admin/.*' }] }, [], [], { encodedSlashes: 'keep' });
  const when = await load([], { ...CLIENTS, when: 'request.path.startsWith("/admin/")' }, [], [], {
    encodedSlashes: 'keep',
  });
  for (const snapshot of [path, when]) {
    expect(await by(snapshot, {}, { path: '/admin%2Fx' })).toBe(DENIED);
    expect(await by(snapshot, {}, { path: '/x' })).toBe('allowed');
  }
});

it('public says nothing to a decision', async () => {
  expect(await by(await load([], CLIENTS, [], [], { public: [{ path: '/x' }] }), {}, { path: '/x' })).toBe(DENIED);
});

it('an API’s CORS policy answers preflights before the platform asks for credentials, and after what the platform orders before that', async () => {
  const cors = { policyRef: { name: 'cors' }, config: { publicResource: true }, order: -MOST };
  const blocked = { policyRef: { name: 'ip-blocklist' }, config: { ips: ['0.0.0.0/0', '::/0'] }, order: 1 };
  const preflight = { method: 'OPTIONS' };
  const headers = { origin: 'https://x.example', 'access-control-request-method': 'GET' };
  expect(await by(await load([cors]), headers, preflight)).toBe('allowed');
  expect(await by(await load([cors], CLIENTS, [], [blocked]), headers, preflight)).toMatch(/^platform\/also0: /);
});
