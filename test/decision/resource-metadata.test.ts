import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { decide } from '../../src/decision/pipeline.ts';
import { createAnswerWriter } from '../../src/envoy/write-answer.ts';
import { policyKinds } from '../../src/policies/index.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { document, faultsOf, snapshotOf } from '../document/documents.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { checkOf, portsOf } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';

const changed = { policyKinds, environment: policyEnvironment() };
const jwt = (config: object = {}) => ({
  policyRef: { name: 'jwt-validation' },
  config: {
    signingMethod: 'hmac',
    textKey: 'x'.repeat(32),
    issuer: 'https://login.example',
    skipClientIdValidation: true,
    ...config,
  },
});
const CLIENTS = { policyRef: { name: 'client-id-enforcement' } };
const api = (name: string, spec: object, metadata: object = {}) => document('Api', name, spec, metadata);
const PREFIX = '/.well-known/oauth-protected-resource';

function load(...apis: object[]): Promise<Snapshot> {
  return snapshotOf(Object.fromEntries(apis.map((content, at) => [`${at}.json`, content])), changed);
}

async function ask(snapshot: Snapshot, parts: CheckParts) {
  const check = checkOf(parts);
  const decision = await decide(snapshot, check, portsOf(), Infinity);
  const { httpResponse } = fromBinary(CheckResponseSchema, createAnswerWriter()(decision, check, snapshot.reasons));
  const answer = httpResponse.case === 'deniedResponse' ? httpResponse.value : undefined;
  const headers = (answer?.headers ?? []).map(({ header }) => [header?.key, header?.value]);
  return { decision, headers, status: (answer?.status?.code ?? 0) as number, body: answer?.body ?? '' };
}

const orders = api(
  'orders',
  {
    publicUrl: 'https://api.example.com/shop/orders',
    hosts: ['orders.internal', 'api.example.com'],
    basePath: '/shop/orders',
    policies: [{ authentication: { anyOf: [jwt({ requiredScopes: ['read'] }), CLIENTS] } }],
  },
  { displayName: 'Orders' },
);

describe('the metadata of an API', () => {
  it('is at the well-known path of its public URL, before anybody is authenticated', async () => {
    const snapshot = await load(orders);
    const { decision, status, body, headers } = await ask(snapshot, {
      host: 'api.example.com',
      path: `${PREFIX}/shop/orders`,
    });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      resource: 'https://api.example.com/shop/orders',
      authorization_servers: ['https://login.example'],
      scopes_supported: ['read'],
      bearer_methods_supported: ['header'],
      resource_name: 'Orders',
    });
    expect(headers).toContainEqual(['content-type', 'application/json']);
    expect(decision).toMatchObject({ api: 'orders', denial: undefined, steps: [] });
  });

  it('is found under any port, an inner host and the name that the route has', async () => {
    const snapshot = await load(orders);
    const path = `${PREFIX}/shop/orders`;
    for (const parts of [
      { host: 'API.example.com:8443', path },
      { host: 'orders.internal', path },
      { host: 'api.example.com', path: `${path}/` },
      { host: 'api.example.com', path: `${path}?x=1` },
      { host: 'anything.example', path, extensions: { 'ostiary.api': 'orders' } },
    ]) {
      const { status, body } = await ask(snapshot, parts);
      expect([parts, status]).toEqual([parts, 200]);
      expect(JSON.parse(body)).toMatchObject({ resource: 'https://api.example.com/shop/orders' });
    }
  });

  it('is that of its own API alone, where several share a host', async () => {
    const other = api('other', {
      publicUrl: 'https://api.example.com',
      basePath: '/',
      policies: [jwt({ issuer: 'https://b.example' })],
    });
    const snapshot = await load(orders, other);
    const resourceAt = async (path: string) => {
      const { status, body } = await ask(snapshot, { host: 'api.example.com', path });
      return status === 200 ? (JSON.parse(body) as { resource: string }).resource : status;
    };
    expect(await resourceAt(`${PREFIX}/shop/orders`)).toBe('https://api.example.com/shop/orders');
    expect(await resourceAt(PREFIX)).toBe('https://api.example.com');
    expect(await resourceAt(`${PREFIX}/`)).toBe('https://api.example.com');
    // Requests to the API at the root like any other.
    for (const path of [
      `${PREFIX}/shop`,
      `${PREFIX}/shop/orders/1`,
      `${PREFIX}x`,
      `${PREFIX}/shop%2Forders`,
      `${PREFIX}//shop/orders`,
    ]) {
      expect([path, [400, 401].includes(Number(await resourceAt(path)))]).toEqual([path, true]);
    }
  });

  it('is read by GET and HEAD, and by scripts after a preflight; nothing else is answered', async () => {
    const snapshot = await load(orders);
    const by = async (method: string) =>
      ask(snapshot, { method, host: 'api.example.com', path: `${PREFIX}/shop/orders` });
    expect([(await by('GET')).status, (await by('HEAD')).status, (await by('OPTIONS')).status]).toEqual([
      200, 200, 204,
    ]);
    expect((await by('GET')).headers).toContainEqual(['access-control-allow-origin', '*']);
    for (const method of ['POST', 'DELETE', 'get', 'constructor', '__proto__'])
      expect((await by(method)).status).toBe(403);
  });

  it('says nothing that the request has said', async () => {
    const snapshot = await load(api('any', { publicUrl: 'https://api.example.com', policies: [jwt()] }));
    const { body, headers } = await ask(snapshot, {
      host: 'evil.example',
      path: PREFIX,
      headers: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
    });
    expect(JSON.parse(body)).toMatchObject({ resource: 'https://api.example.com' });
    expect(JSON.stringify([body, headers])).not.toContain('evil');
  });

  it('is not there without a public URL, and where no enforced policy takes access tokens', async () => {
    const at = (path: string) => ({ host: 'api.example.com', path: `${PREFIX}${path}` });
    const none = await load(api('orders', { policies: [jwt()] }));
    expect(none.apiOfPublicUrl).toBeUndefined();
    expect((await ask(none, at(''))).status).toBe(401);
    for (const policies of [[], [CLIENTS], [{ ...jwt(), mode: 'shadow' }]]) {
      const snapshot = await load(api('orders', { publicUrl: 'https://api.example.com', policies }));
      expect(snapshot.apiOfPublicUrl).toBeUndefined();
    }
  });
});

describe('a challenge', () => {
  const challengesOf = async (snapshot: Snapshot, headers: Record<string, string> = {}) => {
    const answer = await ask(snapshot, { host: 'api.example.com', path: '/shop/orders/1', headers });
    return [answer.status, ...answer.headers.filter(([name]) => name === 'www-authenticate').map(([, value]) => value)];
  };
  const at = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/shop/orders"';

  it('tells where the metadata is, and the scopes', async () => {
    const snapshot = await load(orders);
    expect(await challengesOf(snapshot)).toEqual([401, `Bearer scope="read", ${at}`, 'Client-ID-Enforcement']);
    expect(await challengesOf(snapshot, { authorization: 'Bearer x' })).toEqual([
      401,
      `Bearer error="invalid_token", scope="read", ${at}`,
      'Client-ID-Enforcement',
    ]);
    expect(await challengesOf(snapshot, { client_id: 'nobody' })).toEqual([
      401,
      'Client-ID-Enforcement',
      `Bearer scope="read", ${at}`,
    ]);
  });

  it('tells it of a policy alone too; without a public URL it is as before', async () => {
    const spec = { basePath: '/shop/orders', policies: [jwt({ requiredScopes: ['read'] })] };
    const alone = await load(api('orders', { ...spec, publicUrl: 'https://api.example.com/shop/orders' }));
    expect(await challengesOf(alone)).toEqual([401, `Bearer scope="read", ${at}`]);
    expect(await challengesOf(await load(api('orders', spec)))).toEqual([401, 'Bearer']);
  });
});

it.each([
  ['http://api.example.com', 'expected https: (http: is for loopback alone)'],
  ['api.example.com', 'expected a URL such as'],
  ['ftp://api.example.com', 'expected a URL such as'],
  ['https://u:p@api.example.com', 'expected a URL without user and password'],
  ['https://api.example.com/?a', 'expected a URL without query and fragment'],
  ['https://api.example.com/#', 'expected a URL without query and fragment'],
  ['https://API.example.com', 'expected the URL as it is sent'],
  ['https://api.example.com:443', 'expected the URL as it is sent'],
  ['https://api.example.com/a/../b', 'expected the URL as it is sent'],
  ['https://api.example.com/a%2Fb', 'expected a path that can be read in one way only'],
  ['https://api.example.com//a', 'expected a path that can be read in one way only'],
])('refuses the public URL %s', async (publicUrl, fault) => {
  const faults = await faultsOf({ 'a.json': api('orders', { publicUrl }) }, changed);
  expect(faults).toEqual([expect.stringContaining(`spec.publicUrl: ${fault}`)]);
});

it('takes a public URL on loopback, and refuses one that another API has', async () => {
  const url = (publicUrl: string, basePath: string) => ({ publicUrl, basePath });
  expect(await faultsOf({ 'a.json': api('a', url('http://localhost:8080/a', '/a')) }, changed)).toEqual([]);
  const [fault, ...rest] = await faultsOf(
    { 'a.json': api('a', url('https://x.example/a', '/a')), 'b.json': api('b', url('https://x.example/a/', '/b')) },
    changed,
  );
  expect(rest).toEqual([]);
  expect(fault).toContain('spec.publicUrl: the API a has this public URL too: ');
});
