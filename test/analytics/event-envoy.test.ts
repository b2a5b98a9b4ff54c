import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RequestEvent } from '../../src/analytics/event.ts';
import { credentials } from '../e2e/documents.ts';
import { callOver } from '../e2e/mutual-tls.ts';
import { callGrpc, send } from '../e2e/request.ts';
import type { RequestOptions } from '../e2e/request.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { partOrSkip } from '../real/parts.ts';
import { openWorkloadAuthority } from '../real/workload-certificates.ts';
import type { WorkloadAuthority } from '../real/workload-certificates.ts';
import { eventEnvoy } from './event-envoy.ts';
import { startEventService } from './event-service.ts';
import type { EventService } from './event-service.ts';
import { SLOW_MS, startEventUpstream } from './event-upstream.ts';
import type { EventUpstream } from './event-upstream.ts';

const parts = [await partOrSkip('envoy'), await partOrSkip('openssl')];
const PATIENCE = { timeout: 10_000, interval: 50 };
const GOLD = { client: 'gold', clientId: 'gold-id', contract: 'gold-orders', tier: 'gold' };

describe.skipIf(parts.includes(undefined))('the event of a request through a real Envoy', () => {
  let service: EventService;
  let upstream: EventUpstream;
  let envoy: RealEnvoy;
  let authority: WorkloadAuthority;

  beforeAll(async () => {
    service = await startEventService();
    upstream = await startEventUpstream();
    authority = await openWorkloadAuthority();
    const { port, grpcPort } = upstream;
    envoy = await startEnvoy(eventEnvoy({ ostiaryPort: service.port, port, grpcPort, authority }));
  });
  afterAll(async () => {
    await envoy?.stop();
    await Promise.all([service?.stop(), upstream?.close()]);
  });

  /** The one event of what `act` does. */
  async function eventOf(act: () => Promise<unknown>): Promise<RequestEvent> {
    const { events } = service;
    const before = events.length;
    const startedAt = Date.now();
    await act();
    const endedAt = Date.now();
    await expect.poll(() => events.length, PATIENCE).toBe(before + 1);
    const event = events[before]!;
    expect(event.receivedAt).toBeGreaterThanOrEqual(startedAt - 2);
    expect(event.endedAt).toBeLessThanOrEqual(endedAt + 1000);
    expect(event.endedAt - event.receivedAt).toBeLessThanOrEqual(Math.ceil(event.durationMs!) + 1);
    expect(event).toMatchObject({ clientAddress: '127.0.0.0', destination: 'sidecar~orders-7d9f' });
    if (event.method !== 'TCP') expect(event.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(event)).not.toMatch(/marker|-secret|token/);
    return event;
  }

  async function asked(path: string, status: number, options: RequestOptions = {}, port = 'in'): Promise<RequestEvent> {
    const event = await eventOf(async () => {
      expect((await send(envoy.port(port), path, options)).status).toBe(status);
    });
    expect(event).toMatchObject({ method: options.method ?? 'GET', status });
    return event;
  }

  const caller = { 'user-agent': 'curl/8.5.0', ...credentials('gold') };

  test('that is allowed tells who called, what it cost, and where it went', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const headers = { ...caller, traceparent };
    const event = await asked('/orders/4711/items/1?token=marker', 200, { headers });
    expect(event).toMatchObject({
      ...GOLD,
      api: 'orders',
      route: '/orders/{id}/items/{item}',
      outcome: 'processed',
      details: 'via_upstream',
      responseFlags: [],
      service: 'upstream',
      upstreamHost: `127.0.0.1:${upstream.port}`,
      userAgent: 'curl',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    });
    for (const absent of ['policy', 'reason', 'shadow', 'source', 'grpcStatus'])
      expect(event).not.toHaveProperty(absent);
    expect(event.policyMs).toBeGreaterThan(0);
    expect(event.responseBytes).toBeGreaterThan('GET answered'.length);
  });

  test('has the time of the upstream, and the size of a body', async () => {
    const slow = await asked('/orders/slow', 200, { headers: caller });
    expect(slow.upstreamMs).toBeGreaterThanOrEqual(SLOW_MS - 5);
    expect(slow.durationMs).toBeGreaterThanOrEqual(slow.upstreamMs!);
    const body = Buffer.alloc(5000, 'x');
    const event = await eventOf(
      () =>
        new Promise((resolve, reject) => {
          const request = httpRequest({ port: envoy.port('in'), path: '/orders/mine', method: 'PUT', headers: caller });
          request.once('error', reject).once('response', (response) => response.resume().once('end', resolve));
          request.end(body);
        }),
    );
    expect(event).toMatchObject({ method: 'PUT', status: 200, route: 'my-orders' });
    expect(event.requestBytes).toBeGreaterThan(body.length);
    expect(event.requestBytes).toBeLessThan(body.length + 2000);
  });

  test.each([
    ['HEAD', 'HEAD'],
    ['OPTIONS', 'OPTIONS'],
    ['PROPFIND', 'PROPFIND'],
  ])('has the method %s as %s', async (method, told) => {
    const event = await eventOf(async () => {
      const { status } = await send(envoy.port('in'), '/orders/1', { method, headers: caller });
      expect(status).toBeLessThan(400);
    });
    expect(event).toMatchObject({ method: told, route: '/orders/{id}', outcome: 'processed' });
  });

  test.each([
    [
      'no credentials',
      '/closed/1',
      401,
      undefined,
      { policy: 'closed/client-id-enforcement', reason: 'client_rejected' },
    ],
    ['no contract', '/closed/1', 401, 'stranger', { reason: 'client_rejected' }],
    ['no API', '/nobodys/1', 403, undefined, { reason: 'api_unknown' }],
  ])('that is refused tells why: %s', async (_, path, status, name, told) => {
    const headers = name === undefined ? {} : credentials(name);
    const event = await asked(path, status, { headers });
    expect(event).toMatchObject({ outcome: 'blocked', details: 'ext_authz_denied', responseFlags: ['UAEX'], ...told });
    for (const absent of ['upstreamHost', 'upstreamMs']) expect(event).not.toHaveProperty(absent);
  });

  test('that is refused since its quota is spent tells which policy refused', async () => {
    const headers = credentials('spender');
    expect(await asked('/orders/1', 200, { headers })).toMatchObject({ outcome: 'processed', tier: 'one' });
    const event = await asked('/orders/1', 429, { headers });
    expect(event).toMatchObject({ outcome: 'blocked', policy: 'orders/rate-limiting-sla', reason: 'quota_spent' });
    expect(event).toMatchObject({ client: 'spender', contract: 'spender-orders', tier: 'one' });
  });

  test('tells what policies in shadow mode would have refused', async () => {
    const event = await asked('/tried/1', 200);
    expect(event).toMatchObject({ outcome: 'processed', shadow: ['tried/client-id-enforcement:client_rejected'] });
    expect(event).not.toHaveProperty('reason');
  });

  test('that a policy answers is told apart', async () => {
    const headers = { origin: 'https://shop.example', 'access-control-request-method': 'GET' };
    const event = await eventOf(() => send(envoy.port('in'), '/answered/1', { method: 'OPTIONS', headers }));
    expect(event).toMatchObject({ outcome: 'answered', policy: 'answered/cors', method: 'OPTIONS', api: 'answered' });
  });

  test('tells how it failed behind ostiary', async () => {
    const options = { headers: caller };
    expect(await asked('/orders/503', 503, options)).toMatchObject({ outcome: 'processed', details: 'via_upstream' });
    const again = await asked('/orders/again/once', 200, options);
    expect(again).toMatchObject({ outcome: 'processed', responseFlags: [] });
    expect(await asked('/orders/again/500', 500, options)).toMatchObject({ responseFlags: ['URX'] });
    expect(await asked('/orders/late/hang', 504, options)).toMatchObject({ responseFlags: ['UT'] });
    expect(await asked('/gone/1', 503)).toMatchObject({ responseFlags: ['NC'], outcome: 'processed', api: 'gone' });
    expect(await asked('/moved/away', 200)).toMatchObject({ route: '/moved' });
  });

  test('whose caller leaves has the status 0', async () => {
    const event = await eventOf(async () => {
      const request = httpRequest({ port: envoy.port('in'), path: '/orders/hang', headers: caller });
      request.once('error', () => {});
      request.end();
      await upstream.reached('/orders/hang');
      request.destroy();
    });
    expect(event).toMatchObject({ status: 0, outcome: 'processed', responseFlags: ['DC'], ...GOLD });
  });

  test('that nobody decided is told as such', async () => {
    expect(await asked('/unchecked/1', 200)).toMatchObject({ outcome: 'unchecked', service: 'upstream', id: 'own' });
    expect(await asked('/no/route', 404)).toMatchObject({ outcome: 'rejected_by_envoy', responseFlags: ['NR'] });
  });

  test('of gRPC has its status, of the trailers or of the headers', async () => {
    const call = (path: string, headers: Record<string, string>) =>
      eventOf(() => callGrpc(envoy.port('in'), path, headers));
    const own = { api: 'grpc', route: '/shop.Orders', method: 'POST', status: 200 };
    expect(await call('/shop.Orders/List', caller)).toMatchObject({ ...own, grpcStatus: 0, outcome: 'processed' });
    expect(await call('/shop.Orders/Fail5', caller)).toMatchObject({ ...own, grpcStatus: 5, service: 'grpc' });
    expect(await call('/shop.Orders/List', {})).toMatchObject({ ...own, grpcStatus: 16, outcome: 'blocked' });
  });

  test('names the workload that called: of its certificate, or of XFCC', async () => {
    const web = 'spiffe://shop.example/ns/shop/sa/web';
    const certificate = authority.certify(`URI:${web}`);
    const event = await eventOf(() => callOver(envoy.port('mtls'), '/orders/1', { by: certificate, headers: caller }));
    expect(event).toMatchObject({ source: web, status: 200 });
    const xfcc = { ...caller, 'x-forwarded-client-cert': `Hash=ab;URI=${web}-2` };
    expect(await asked('/orders/1', 200, { headers: xfcc }, 'forwarded')).toMatchObject({ source: `${web}-2` });
    expect(await asked('/orders/1', 200, { headers: xfcc })).not.toHaveProperty('source');
  });

  test('has the trace of B3 too', async () => {
    const trace = '80f198ee56343ba864fe8b2a57d3eff7';
    const several = { 'x-b3-traceid': trace, 'x-b3-spanid': '00f067aa0ba902b7' };
    expect(await asked('/orders/1', 200, { headers: { ...caller, ...several } })).toMatchObject({ traceId: trace });
    const single = { b3: `${trace}-00f067aa0ba902b7-1` };
    expect(await asked('/orders/1', 200, { headers: { ...caller, ...single } })).toMatchObject({ traceId: trace });
  });

  test('is told of a connection that Envoy does not read as HTTP, too', async () => {
    let answered = 0;
    const connection = (port: string) =>
      eventOf(async () => {
        const socket = connect(envoy.port(port), '127.0.0.1');
        socket.on('error', () => {}).write('GET /orders/1 HTTP/1.1\r\nhost: marker\r\nconnection: close\r\n\r\n');
        socket.on('data', ({ length }: Buffer) => (answered += length));
        await once(socket, 'close');
      });
    const event = await connection('tcp');
    expect(event).toMatchObject({ method: 'TCP', outcome: 'unchecked', status: 0, service: 'upstream' });
    expect(event.responseBytes).toBe(answered);
    expect(event).not.toHaveProperty('api');
    expect(await connection('guarded')).toMatchObject({
      method: 'TCP',
      outcome: 'blocked',
      reason: 'request_not_http',
    });
  });
});
