import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { expose } from '../../src/observe/exposition.ts';
import { openAdmin } from '../../src/serve/admin.ts';
import type { AdminListener, AdminOptions, ServerState } from '../../src/serve/admin.ts';

const open: AdminListener[] = [];
afterEach(() => Promise.all(open.splice(0).map((admin) => admin.close(0))));

async function serve(
  options: Partial<AdminOptions> = {},
): Promise<{ url: string; port: number; admin: AdminListener }> {
  const registry = new Registry();
  new Gauge({ name: 'test_gauge', help: 'A gauge.', registers: [registry] }).set(7);
  const admin = await openAdmin({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    state: () => 'ready',
    details: () => ({ store: { kind: 'memory', available: true } }),
    metrics: { expose: (accept) => expose(accept, () => ({ registry, families: [] })) },
    maxConnections: 256,
    version: { ostiary: '1.2.3' },
    ...options,
  });
  open.push(admin);
  const { port } = admin.address as { port: number };
  return { url: `http://127.0.0.1:${port}`, port, admin };
}

describe('the admin listener', () => {
  it('shows the metrics in the format Prometheus expects', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toContain('\ntest_gauge 7\n');
  });

  it('sends no body to a HEAD, and makes no more of a text than its caller reads', async () => {
    let made = 0;
    let isEnded = false;
    const metrics = exposing(async function* () {
      try {
        for (; made < 1000; made++) yield 'x'.repeat(1 << 20);
      } finally {
        isEnded = true;
      }
    });
    const { url, port } = await serve({ metrics });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => made).toBeGreaterThan(0);
    await sleep(100);
    expect(made).toBeLessThan(100);
    socket.destroy();
    await expect.poll(() => isEnded).toBe(true);
    made = 998;
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('is live from its first moment', async () => {
    const { url } = await serve({ state: () => 'starting' });
    const response = await fetch(`${url}/livez`);
    expect([response.status, await response.json()]).toEqual([200, { status: 'live' }]);
  });

  it('is ready in no state but ready, and tells the details in each', async () => {
    let state: ServerState = 'starting';
    const { url } = await serve({ state: () => state });
    for (const [next, status] of [
      ['starting', 503],
      ['ready', 200],
      ['draining', 503],
    ] as const) {
      state = next;
      const response = await fetch(`${url}/readyz`);
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({ status: next, store: { kind: 'memory', available: true } });
    }
  });

  it('is ready where the store is away: another replica has no other store', async () => {
    const { url } = await serve({ details: () => ({ store: { kind: 'redis', available: false } }) });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('tells the version', async () => {
    const { url } = await serve();
    expect(await (await fetch(`${url}/version`)).json()).toEqual({ ostiary: '1.2.3' });
  });

  it('answers HEAD with the headers alone', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/version`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('content-length')).toBe('20');
  });

  it.each(['', '::'])('on every address, written as "%s", answers by IPv4 and IPv6', async (host) => {
    const { port } = await serve({ address: { kind: 'tcp', host, port: 0 } });
    for (const name of ['127.0.0.1', '[::1]']) expect((await fetch(`http://${name}:${port}/livez`)).status).toBe(200);
  });

  it('ignores a query', async () => {
    const { url } = await serve();
    expect((await fetch(`${url}/livez?verbose`)).status).toBe(200);
  });

  it.each(['/', '/metrics/', '/toString', '/__proto__', '/..%2f'])('answers 404 in JSON at %s', async (path) => {
    const { url } = await serve();
    const response = await fetch(url + path);
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/json']);
    expect(await response.json()).toEqual({ error: expect.stringContaining('/readyz') });
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('answers 405 in JSON to %s', async (method) => {
    const { url } = await serve();
    const response = await fetch(`${url}/readyz`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await response.json()).toEqual({ error: expect.any(String) });
  });

  it('says nothing of why a page failed', async () => {
    const metrics = exposing(async function* () {
      await Promise.reject(new Error('the password is 42'));
      yield '';
    });
    const { url } = await serve({ metrics });
    const response = await fetch(`${url}/metrics`);
    expect([response.status, await response.json()]).toEqual([500, { error: 'this page failed' }]);
  });

  it('refuses large headers', async () => {
    const { url } = await serve();
    expect((await fetch(`${url}/livez`, { headers: { 'x-large': 'x'.repeat(10_000) } })).status).toBe(431);
  });

  it('closes idle connections at once and silent ones in time', async () => {
    const { url, port, admin } = await serve();
    await fetch(`${url}/livez`);
    const silent = connect(port, '127.0.0.1');
    await once(silent, 'connect');
    silent.write('GET /livez HTTP/1.1\r\n');
    silent.on('error', () => {});
    const closed = once(silent, 'close');
    await admin.close(100);
    await closed;
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });

  it('answers a newcomer at once, however many silent connections are open', async () => {
    const { url, port } = await serve();
    const silent = await openSockets(port, 400);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(silent.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(256);
    expect(silent.at(-1)?.destroyed).toBe(false);
  });

  it('answers a newcomer beside connections that ask and do not read', async () => {
    const large = exposing(async function* () {
      for (let piece = 0; piece < 256; piece++) yield 'x'.repeat(1 << 16);
    });
    const { url, port } = await serve({ metrics: large });
    const greedy = await openSockets(port, 10);
    for (const socket of greedy) socket.pause().write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
    await openSockets(port, 300);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  // Node.js itself would wait for a minute: longer than a test may take.
  it('closes a connection that asks nothing', async () => {
    const { port } = await serve();
    const [silent] = await openSockets(port, 1);
    await once(silent as Socket, 'close');
  });
});

function exposing(chunks: () => AsyncIterable<string>): AdminOptions['metrics'] {
  return { expose: () => ({ contentType: 'text/plain', chunks: chunks() }) };
}

/** Open when this answers; closed at the end of the test with the listener. */
async function openSockets(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}));
  for (const socket of sockets) socket.on('close', () => socket.destroy());
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.resume();
  await sleep(100);
  return sockets;
}
