import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { createCheckMethod } from '../../src/envoy/check-service.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import type { RpcListener } from '../../src/grpc/rpc.ts';
import { http2Transport } from '../../src/http2/transport.ts';
import type { Outcome } from '../../src/policy/policy.ts';
import type { Check } from '../../src/request/check.ts';
import { callGrpc, echoOf, send } from '../e2e/request.ts';
import { access, apiOf, bound, portsOf, quota, snapshotOf } from '../policy/fixtures.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { partOrSkip } from '../real/parts.ts';
import { lengthsOf } from './lengths.ts';

const binary = await partOrSkip('envoy');

/** What Envoy makes of an answer, whatever policies would make such a one. */
describe.skipIf(binary === undefined)('a real Envoy', () => {
  let outcome: Outcome;
  let seen: Check | undefined;
  let envoy: RealEnvoy;
  let upstream: Upstream;
  let listener: RpcListener;

  beforeAll(async () => {
    const policy = access(({ check }) => {
      seen = check;
      return outcome;
    });
    const api = apiOf({
      name: 'orders',
      access: [
        bound('p', policy),
        bound(
          'late',
          access(({ check }) => (check.method === 'POST' ? { reason: 'token_missing', detail: '', status: 401 } : {})),
        ),
      ],
      quota: [bound('q', quota({ exposeHeaders: true }))],
    });
    const snapshot = snapshotOf([api], { owned: ['x-sub'] });
    const observer = { decided() {}, failed() {}, policyFailed() {} };
    const clock = { now: () => Date.now(), monotonic: () => performance.now() };
    const check = createCheckMethod({ snapshot: () => snapshot, ports: portsOf({ clock }), observer });
    listener = await http2Transport({ now: () => performance.now() })({
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      methods: [check],
      tls: undefined,
      maxMessageBytes: 1 << 20,
    });
    if (listener.address.kind !== 'tcp') throw new Error('not a TCP address');
    upstream = await startUpstream();
    const front = { host: '127.0.0.1', port: 0, normalizePath: true, api: undefined };
    envoy = await startEnvoy(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port: listener.address.port },
        timeoutMs: 1000,
        listeners: [
          { ...front, name: 'map', rawHeaders: false },
          { ...front, name: 'list', rawHeaders: true },
        ],
        upstream: { host: '127.0.0.1', port: upstream.port },
      }),
    );
  });
  afterAll(async () => {
    await envoy?.stop();
    await Promise.all([listener?.drain(0), upstream?.close()]);
  });

  test.each([
    ['one value', 'u-1'],
    ['an empty value', ''],
    ['text that is not ASCII', 'Zoë, 東京'],
  ])('replaces with %s what the client sent once or twice', async (_, value) => {
    outcome = { upstream: [['x-sub', value]] };
    for (const forged of [{}, { 'x-sub': 'admin' }, { 'x-sub': ['admin', 'root'] }, { 'X-Sub': 'admin' }]) {
      const { headers } = echoOf(await send(envoy.port('map'), '/', { headers: forged }));
      // Node reads header values as latin1.
      expect(Buffer.from(headers['x-sub'] ?? '', 'latin1').toString()).toBe(value);
    }
  });

  test('removes a header that a policy owns and does not set, in both spellings', async () => {
    outcome = {};
    const { headers } = echoOf(
      await send(envoy.port('map'), '/', { headers: { 'x-sub': 'admin', x_sub: 'admin', 'x-other': 'a' } }),
    );
    expect(Object.keys(headers).filter((name) => name.includes('sub'))).toEqual([]);
    expect(headers['x-other']).toBe('a');
  });

  test('passes the request with its host where a policy would remove what can not be removed', async () => {
    outcome = { remove: ['host', ':path', 'authorization'] };
    const { path, headers } = echoOf(
      await send(envoy.port('map'), '/a?b', { headers: { authorization: 'x', host: 'h.example' } }),
    );
    expect([path, headers['host'], headers['authorization']]).toEqual(['/a?b', 'h.example', undefined]);
  });

  test('shows the caller the rate headers of an allow', async () => {
    outcome = {};
    const { headers } = await send(envoy.port('map'), '/');
    expect(headers).toMatchObject({
      'x-ratelimit-limit': '10',
      ratelimit: '"limit-1";r=9;t=1',
      'ratelimit-policy': '"limit-1";q=10;w=1',
    });
  });

  test('adds headers for the upstream and the caller, beside others or in their place', async () => {
    outcome = {
      append: [['x-tag', 'ours']],
      response: [['x-policy', 'orders']],
      appendResponse: [['set-cookie', 'a=1']],
      emptyResponse: ['content-type', 'x-other'],
    };
    const answer = await send(envoy.port('map'), '/', { headers: { 'x-tag': 'theirs' } });
    expect(echoOf(answer).headers['x-tag']).toMatch(/^theirs, ?ours$/);
    expect(answer.headers).toMatchObject({ 'x-policy': 'orders', 'set-cookie': ['a=1'], 'content-type': '' });
    expect(Object.keys(answer.headers)).not.toContain('x-other');
  });

  test.each([204, 200, 404])('ends a request by an answer of status %i that is no denial', async (httpStatus) => {
    outcome = {
      answer: { httpStatus, headers: [['access-control-max-age', '600']], body: httpStatus === 204 ? '' : '{"a":1}' },
      response: [['vary', 'origin']],
    };
    const upstreamBefore = seen;
    const answer = await send(envoy.port('map'), '/', { method: 'OPTIONS' });
    expect(seen).not.toBe(upstreamBefore);
    expect(answer.status).toBe(httpStatus);
    expect(answer.headers).toMatchObject({ 'access-control-max-age': '600', vary: 'origin' });
    expect(answer.body).toBe(httpStatus === 204 ? '' : '{"a":1}');
  });

  test('shows the caller of a denial what policies before it add', async () => {
    outcome = {
      response: [
        ['access-control-allow-origin', 'https://shop.example'],
        ['www-authenticate', 'Never'],
      ],
      appendResponse: [
        ['vary', 'origin'],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    };
    const denied = await send(envoy.port('map'), '/', { method: 'POST' });
    expect(denied.status).toBe(401);
    expect(denied.headers).toMatchObject({
      'access-control-allow-origin': 'https://shop.example',
      vary: 'origin',
      'set-cookie': ['a=1', 'b=2'],
      // The denial's own goes before what a policy says.
      'www-authenticate': 'Bearer',
    });
  });

  test.each(['map', 'list'])('sends headers as a %s in which each is found as the client sent it', async (form) => {
    outcome = {};
    await send(envoy.port(form), '/a?b=c', {
      headers: {
        host: 'H.example.:81',
        Authorization: ['Bearer a', 'Bearer b'],
        client_id: 'x',
        'x-bytes': '\xc3\x28',
      },
    });
    expect(seen).toMatchObject({
      isHttp: true,
      method: 'GET',
      path: '/a?b=c',
      // Without what Envoy's domains and our hosts leave out.
      host: 'H.example',
      sourceAddress: '127.0.0.1',
    });
    expect(seen?.header('authorization')).toBe('Bearer a,Bearer b');
    expect(seen?.header(':path')).toBe('/a?b=c');
    expect(seen?.headerNamesWithSigns(lengthsOf(['client_id']))).toEqual(['client_id']);
    expect(seen?.header('x-bytes')).toBe(form === 'map' ? '!(' : '\uFFFD(');
    expect(seen?.streamId).toMatch(/^\d+$/);
    expect(seen?.requestTime).toMatch(/^\d{10}\.\d{1,9}$/);
    expect(seen?.sourcePort).toBeGreaterThan(0);
  });

  test.each([
    [{ reason: 'token_missing', detail: '', status: 401 }, 401, '16', 'An access token is required.'],
    [{ reason: 'contract_missing', detail: '' }, 403, '7', 'The client has no access to this API.'],
    [{ reason: 'cost_invalid', detail: '' }, 400, '3', 'The cost of the request is invalid.'],
    [{ reason: 'policy_failed', detail: '' }, 503, '14', 'The service is temporarily unavailable.'],
  ] as const)('tells every caller of %o in its own terms', async (denial, status, grpcStatus, sentence) => {
    outcome = denial;
    const answer = await send(envoy.port('map'), '/');
    expect([answer.status, answer.body]).toEqual([status, JSON.stringify({ error: sentence })]);
    expect(answer.headers['content-type']).toBe('application/json');
    const grpc = await callGrpc(envoy.port('map'), '/a.B/C', {});
    expect(grpc[':status']).toBe(200);
    expect([grpc['grpc-status'], decodeURIComponent(String(grpc['grpc-message']))]).toEqual([grpcStatus, sentence]);
  });
});
