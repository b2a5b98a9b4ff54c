import { execFile } from 'node:child_process';
import { mkdtempSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '@connectrpc/connect';
import type { Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import { Authorization } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../gen/health/v1/health_pb.js';
import { InspectionService, Outcome } from '../../gen/ostiary/v1/inspection_pb.js';
import { RawClient } from '../grpc/client.ts';
import { apis, checkOf, client } from './fixture.ts';

const run = promisify(execFile);
const check = {
  attributes: {
    request: {
      http: { method: 'GET', host: 'orders.example.com', path: '/orders/1', headers: { client_id: client.clientId } },
    },
  },
};

const transports: [string, (baseUrl: string) => Transport][] = [
  ['Connect on HTTP/1.1', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' })],
  ['Connect on HTTP/2', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2' })],
  [
    'Connect with binary messages',
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: true }),
  ],
  ['gRPC', (baseUrl) => createGrpcTransport({ baseUrl })],
  ['gRPC-Web on HTTP/1.1', (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' })],
];

describe('the API listener', () => {
  const serve = apis();

  it.each(transports)('answers Check, Explain and health to %s', async (_name, transportTo) => {
    const { url, health } = await serve();
    const transport = transportTo(url);
    const answer = await createClient(Authorization, transport).check(check);
    expect(answer.status?.code ?? 0).toBe(0);
    expect(answer.httpResponse.case).toBe('okResponse');

    const { verdict, api } = await createClient(InspectionService, transport).explain({ check });
    expect([verdict?.outcome, api]).toEqual([Outcome.ALLOW, 'orders']);

    health.setServing('', true);
    expect((await createClient(Health, transport).check({})).status).toBe(Status.SERVING);
    for await (const { status } of createClient(Health, transport).watch({})) {
      expect(status).toBe(Status.SERVING);
      break;
    }
  });

  it('answers a Check like the gRPC listener: it charges', async () => {
    const { url } = await serve();
    const authorization = createClient(Authorization, createGrpcTransport({ baseUrl: url }));
    const outcomes = [];
    for (let i = 0; i < 4; i++) outcomes.push((await authorization.check(check)).httpResponse.case);
    expect(outcomes).toEqual(['okResponse', 'okResponse', 'okResponse', 'deniedResponse']);
  });

  it('answers grpc-js', async () => {
    const { listener } = await serve();
    const grpc = new RawClient(listener.address);
    const answer = await grpc.unary('/ostiary.v1.InspectionService/ListApis');
    expect(answer.toString('latin1')).toContain('orders.example.com');
    grpc.close();
  });

  it('answers curl with JSON', async () => {
    const { url } = await serve();
    expect(await curl(`${url}/ostiary.v1.InspectionService/Explain`, { check: checkOf() })).toMatchObject({
      verdict: { outcome: 'OUTCOME_ALLOW' },
      api: 'orders',
    });
  });

  it('answers curl on a Unix socket, whose permissions are those asked for', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'ostiary-api-')), 'api.sock');
    await serve({ address: { kind: 'unix', path, mode: 0o600 } });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const answer = await curl('http://localhost/ostiary.v1.InspectionService/GetSnapshot', {}, '--unix-socket', path);
    expect(answer).toMatchObject({ version: 'v1', apis: 1, contracts: 1 });
  });

  it('names the field that a request in JSON should not have', async () => {
    const { url } = await serve();
    const response = await post(url, 'Explain', { chek: {} });
    expect([response.status, await response.json()]).toEqual([
      400,
      { code: 'invalid_argument', message: expect.stringContaining('chek') },
    ]);
  });

  it('refuses a message over the limit', async () => {
    const { url } = await serve({ maxMessageBytes: 1000 });
    const response = await post(url, 'Explain', { check: checkOf({ large: 'x'.repeat(2000) }) });
    expect(await response.json()).toMatchObject({ code: 'resource_exhausted' });
  });

  it('tells a caller nothing of an unexpected failure, and the operator all', async () => {
    const failures: unknown[] = [];
    const { url } = await serve({
      methods: [
        {
          kind: 'unary',
          path: '/envoy.service.auth.v3.Authorization/Check',
          handle: () => Promise.reject(new Error('the secret is 42')),
        },
      ],
      onFailure: (path, error) => failures.push([path, (error as Error).message]),
    });
    const response = await fetch(`${url}/envoy.service.auth.v3.Authorization/Check`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await response.json()).toEqual({ code: 'internal', message: 'internal error' });
    expect(failures).toEqual([['/envoy.service.auth.v3.Authorization/Check', 'the secret is 42']]);
  });

  it('answers 404 in JSON where there is no method', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/`);
    expect([response.status, await response.json()]).toEqual([
      404,
      { code: 'unimplemented', message: expect.any(String) },
    ]);
  });

  it('understands a connection whose first bytes come one by one', async () => {
    const { listener } = await serve();
    const socket = connect((listener.address as { port: number }).port, '127.0.0.1').setNoDelay();
    for (const byte of 'POST /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n') {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const answer = Buffer.concat(await socket.toArray()).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('outlives callers that leave, lie or say nothing', async () => {
    const { listener, url } = await serve();
    const { port } = listener.address as { port: number };
    for (const garbage of [
      'P',
      'PRI',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0',
      '\x16\x03\x01',
      'GET / HTTP/1.1\r\nhost: [::\r\n\r\n',
      '',
    ]) {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write(garbage);
      await new Promise((resolve) => setTimeout(resolve, 10));
      socket.resetAndDestroy();
    }
    expect((await post(url, 'GetSnapshot', {})).status).toBe(200);
  });

  it('drains: answers what is in flight, then ends every connection', async () => {
    const started = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Uint8Array>();
    const { url, listener } = await serve({
      methods: [
        {
          kind: 'unary',
          path: '/envoy.service.auth.v3.Authorization/Check',
          handle: () => {
            started.resolve();
            return answer.promise;
          },
        },
      ],
    });
    const idle = connect((listener.address as { port: number }).port, '127.0.0.1').on('error', () => {});
    const inFlight = createClient(Authorization, createConnectTransport({ baseUrl: url, httpVersion: '1.1' })).check(
      {},
    );
    const inFlight2 = createClient(Authorization, createGrpcTransport({ baseUrl: url })).check({});
    await started.promise;
    await new Promise((resolve) => setTimeout(resolve, 50));
    // Longer than the test may take: idle connections are not waited for.
    const drained = listener.drain(60_000);
    answer.resolve(new Uint8Array());
    expect((await inFlight).httpResponse.case).toBeUndefined();
    expect((await inFlight2).httpResponse.case).toBeUndefined();
    await drained;
    idle.destroy();
  });
});

async function curl(url: string, body: unknown, ...options: string[]): Promise<unknown> {
  const json = ['-H', 'content-type: application/json', '-d', JSON.stringify(body)];
  const { stdout } = await run('curl', ['-sS', '--max-time', '10', ...options, ...json, url]);
  return JSON.parse(stdout);
}

function post(url: string, method: string, body: unknown): Promise<Response> {
  return fetch(`${url}/ostiary.v1.InspectionService/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
