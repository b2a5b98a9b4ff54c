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
function load(own: readonly object[], platform: object = CLIENTS, bindings: readonly object[] = []): Promise<Snapshot> {
  const all = { targetRef: { kind: 'Selector', selector: {} }, order: MOST };
  return snapshotOf(
    {
      'api.json': document('Api', 'orders', { policies: own }),
      'platform.json': document('PolicyBinding', 'everybody', { ...all, ...platform }, { namespace: 'platform' }),
      'client.json': document('ClientApplication', 'shop', {
        clientId: 'shop-id',
        clientSecret: { value: 'shop-secret' },
      }),
      'contract.json': document('Contract', 'c', { clientApplication: 'shop', api: 'orders', status: 'approved' }),
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
