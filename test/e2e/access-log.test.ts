import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Upstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import { TRANSPORTS } from './mesh.ts';
import { send } from './request.ts';
import type { RequestOptions } from './request.ts';
import { newcomer, shop } from './shop.ts';

const envoyPart = await partOrSkip('envoy');
const PATIENCE = { timeout: 20_000, interval: 200 };

/** Answers with the status that the path ends with, and to `/hang` with nothing. */
async function startStatusServer(): Promise<Upstream & { reached(path: string): Promise<void> }> {
  const reached = new Map<string, PromiseWithResolvers<void>>();
  const arrival = (path: string) => {
    const known = reached.get(path) ?? Promise.withResolvers<void>();
    reached.set(path, known);
    return known;
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    arrival(path).resolve();
    if (path.endsWith('/hang')) return;
    response.statusCode = Number(/\/(\d{3})$/.exec(path)?.[1] ?? 200);
    response.end('answer');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    reached: (path) => arrival(path).promise,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

interface Bootstrap {
  static_resources: {
    listeners: { filter_chains: { filters: { typed_config: { route_config: { virtual_hosts: object[] } } }[] }[] }[];
  };
}

/** What `ostiary generate bootstrap --access-log` prints, with routes that are not all checked. */
function configuration(port: number, upstreamPort: number): object {
  const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
  const generated = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port },
    timeoutMs: 400,
    accessLog: true,
    listeners: [listener],
    upstream: { host: '127.0.0.1', port: upstreamPort },
  }) as Bootstrap;
  const route = { cluster: 'upstream' };
  const disabled = {
    'envoy.filters.http.ext_authz': {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
      disabled: true,
    },
  };
  const routes = [
    { match: { path_separated_prefix: '/unchecked' }, route, typed_per_filter_config: disabled },
    ...['/orders', '/closed', '/nobodys'].map((path) => ({ match: { path_separated_prefix: path }, route })),
  ];
  const manager = generated.static_resources.listeners[0]?.filter_chains[0]?.filters[0]?.typed_config;
  manager!.route_config.virtual_hosts = [{ name: 'in', domains: ['*'], routes }];
  return generated;
}

describe.skipIf(envoyPart === undefined).each(TRANSPORTS)('a real Envoy streams its access log to %s', (transport) => {
  let ostiary: RealOstiary;
  let envoy: RealEnvoy;
  let upstream: Awaited<ReturnType<typeof startStatusServer>>;
  /** What the clients saw, under the labels that it is to be counted by. */
  const seen: Record<string, number> = {};

  beforeAll(async () => {
    const policies = documentsFolder([...shop, ...newcomer('spender', 'orders', 'bronze')]);
    const port = await freePort();
    upstream = await startStatusServer();
    ostiary = await startOstiary({ policies, listen: `127.0.0.1:${port}`, args: ['--transport', transport] });
    envoy = await startEnvoy(configuration(port, upstream.port));
  });
  afterAll(() => Promise.all([envoy?.stop(), ostiary?.stop(), upstream?.close()]));

  async function ask(path: string, caller: string, outcome: string, options: RequestOptions = {}): Promise<number> {
    const { status } = await send(envoy.port('in'), path, options);
    note(`${caller} ${options.method ?? 'GET'} ${Math.floor(status / 100)}xx ${outcome}`);
    return status;
  }

  function note(labels: string): void {
    seen[labels] = (seen[labels] ?? 0) + 1;
  }

  async function metrics(): Promise<string> {
    return (await fetch(`${ostiary.adminUrl}/metrics`)).text();
  }

  async function counted(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const [, labels = '', count] of (await metrics()).matchAll(/^ostiary_requests_total\{(.*)\} (\d+)$/gm)) {
      const values = [...labels.matchAll(/="(.*?)"/g)].map(([, value = '']) => value || '-');
      counts[values.join(' ')] = Number(count);
    }
    return counts;
  }

  test('and each request is counted as its client saw it end', async () => {
    expect(await metrics()).not.toContain('ostiary_requests_total');
    const gold = { headers: credentials('gold') };
    const spender = { headers: credentials('spender') };
    for (let round = 0; round < 20; round++) {
      expect(await ask(`/orders/${round}`, 'orders gold gold', 'processed', gold)).toBe(200);
    }
    await Promise.all(
      Array.from({ length: 20 }, () => ask('/orders/x', 'orders gold gold', 'processed', { ...gold, method: 'POST' })),
    );
    expect(await ask('/orders/x', 'orders gold gold', 'processed', { ...gold, method: 'HEAD' })).toBe(200);
    expect(await ask('/orders/503', 'orders gold gold', 'processed', gold)).toBe(503);
    expect(await ask('/orders/404', 'orders gold gold', 'processed', gold)).toBe(404);
    for (let round = 0; round < 3; round++) await ask('/orders/1', 'orders spender bronze', 'processed', spender);
    expect(await ask('/orders/1', 'orders spender bronze', 'blocked', spender)).toBe(429);
    expect(await ask('/orders/1', 'orders - -', 'blocked')).toBe(401);
    expect(await ask('/closed/1', 'closed - -', 'blocked')).toBe(401);
    expect(await ask('/closed/1', 'closed gold -', 'processed', gold)).toBe(200);
    expect(await ask('/nobodys', '- - -', 'blocked')).toBe(403);
    expect(await ask('/unchecked/1', '- - -', 'unchecked', gold)).toBe(200);
    expect(await ask('/unchecked/500', '- - -', 'unchecked', gold)).toBe(500);
    expect(await ask('/no/route', '- - -', 'rejected_by_envoy', gold)).toBe(404);

    const hanging = httpRequest({ host: '127.0.0.1', port: envoy.port('in'), path: '/orders/hang', ...gold });
    hanging.once('error', () => {});
    hanging.end();
    await upstream.reached('/orders/hang');
    hanging.destroy();
    note('orders gold gold GET none processed');

    await expect.poll(counted, PATIENCE).toEqual(seen);
    const text = await metrics();
    const total = Object.values(seen).reduce((sum, each) => sum + each, 0);
    expect(text).toContain(`ostiary_access_log_entries_total{protocol="http",result="counted"} ${total}\n`);
    expect(text).toContain('ostiary_access_log_entries_total{protocol="http",result="malformed"} 0\n');
    expect(text).toMatch(/^ostiary_request_duration_seconds_count\{api="orders"\} \d+$/m);
    expect(text).toContain('ostiary_access_log_streams 1\n');
  }, 60_000);

  test('and what Envoy refuses because no decision came is an error of the Check', async () => {
    ostiary.pause();
    const asked = ask('/orders/1', '- - -', 'check_error', { headers: credentials('gold') });
    await asked;
    ostiary.resume();
    expect(await asked).toBe(503);
    await expect.poll(counted, PATIENCE).toEqual(seen);
  }, 60_000);
});
