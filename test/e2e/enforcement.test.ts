import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { credentials, documentsFolder } from './documents.ts';
import { startMesh, TRANSPORTS } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { callGrpc, echoOf, send } from './request.ts';
import { newcomer, shop } from './shop.ts';

const envoy = await partOrSkip('envoy');

const WAYS = [
  { via: 'tcp', front: 'normalized' },
  { via: 'tcp', front: 'raw' },
  { via: 'unix', front: 'normalized' },
  { via: 'unix', front: 'raw' },
] as const;

const meshes = TRANSPORTS.flatMap((transport) => (['tcp', 'unix'] as const).map((via) => ({ transport, via })));

describe.skipIf(envoy === undefined).each(meshes)(
  'a real Envoy that asks $transport over $via',
  ({ transport, via }) => {
    let mesh: Mesh;
    beforeAll(async () => {
      const clients = ['normalized', 'raw', 'grpc-raw', 'grpc-normalized'].flatMap((name) =>
        newcomer(name, 'orders', 'bronze'),
      );
      const quiet = ['normalized', 'raw'].flatMap((name) => newcomer(`quiet-${name}`, 'quiet', 'bronze'));
      const policies = documentsFolder([...shop, ...clients, ...quiet]);
      mesh = await startMesh({ policies, via, transport, pinnedApi: 'closed' });
    });
    afterAll(() => mesh?.stop());

    describe.each(WAYS.filter((way) => way.via === via))('with headers sent $front', ({ front }) => {
      const port = () => mesh.envoy.port(front);

      test('refuses a request without credentials with 401, and one with wrong ones the same way', async () => {
        const none = await send(port(), '/orders/1');
        expect(none.status).toBe(401);
        expect(none.headers['content-type']).toBe('application/json');
        expect(JSON.parse(none.body)).toEqual({ error: expect.any(String) });
        expect(none.headers['www-authenticate']).toBe('Client-ID-Enforcement');

        const wrong = await send(port(), '/orders/1', { headers: { ...credentials('gold'), client_secret: 'no' } });
        const unknown = await send(port(), '/orders/1', { headers: credentials('nobody') });
        expect([wrong.status, wrong.body]).toEqual([401, unknown.body]);
        expect(unknown.status).toBe(401);
      });

      test('refuses a client without a contract', async () => {
        expect((await send(port(), '/orders/1', { headers: credentials('stranger') })).status).toBe(401);
      });

      test('lets a client with a contract through and tells the upstream who it is', async () => {
        const echo = echoOf(await send(port(), '/orders/1?a=b', { headers: credentials('gold') }));
        expect(echo).toMatchObject({ method: 'GET', path: '/orders/1?a=b' });
        expect(echo.headers).toMatchObject({
          'x-ostiary-client-id': 'gold-id',
          'x-ostiary-client-name': 'gold',
          'x-ostiary-tier': 'gold',
        });
      });

      test('replaces or removes identity headers that the client made up, in every spelling', async () => {
        const forged = {
          'x-ostiary-client-id': ['root', 'admin'],
          X_Ostiary_Client_Name: 'root',
          'x-ostiary_tier': 'platinum',
          x_ostiary_client_id: 'root',
        };
        const known = echoOf(await send(port(), '/orders/1', { headers: { ...credentials('gold'), ...forged } }));
        expect(ostiaryHeaders(known.headers)).toEqual({
          'x-ostiary-client-id': 'gold-id',
          'x-ostiary-client-name': 'gold',
          'x-ostiary-tier': 'gold',
        });
        const unpoliced = echoOf(await send(port(), '/open/1', { headers: forged }));
        expect(ostiaryHeaders(unpoliced.headers)).toEqual({});
      });

      test('answers 429 with the rate headers when the tier is spent, and shows them on the way there', async () => {
        const headers = credentials(front);
        for (const remaining of ['2', '1', '0']) {
          const allowed = await send(port(), '/orders/1', { headers });
          expect(allowed.status).toBe(200);
          expect(allowed.headers['x-ratelimit-remaining']).toBe(remaining);
          expect(allowed.headers['x-ratelimit-limit']).toBe('3');
        }
        const spent = await send(port(), '/orders/1', { headers });
        expect(spent.status).toBe(429);
        expect(spent.headers).toMatchObject({ 'x-ratelimit-limit': '3', 'x-ratelimit-remaining': '0' });
        expect(Number(spent.headers['x-ratelimit-reset'])).toBeGreaterThan(0);
        expect(Number(spent.headers['x-ratelimit-reset'])).toBeLessThanOrEqual(60_000);
        const retryAfter = String(spent.headers['retry-after']);
        expect(Number(retryAfter)).toBe(Math.ceil(Number(spent.headers['x-ratelimit-reset']) / 1000));
        expect(spent.headers['ratelimit-policy']).toMatch(/;q=3;w=60$/);
        expect(spent.headers['ratelimit']).toMatch(new RegExp(`;r=0;t=${retryAfter}$`));
      });

      test('shows no rate headers on an allow where they are not exposed', async () => {
        const headers = credentials(`quiet-${front}`);
        const allowed = await send(port(), '/quiet/1', { headers });
        expect(allowed.status).toBe(200);
        expect(Object.keys(allowed.headers).filter((name) => name.includes('ratelimit'))).toEqual([]);
        for (const _ of [1, 2]) await send(port(), '/quiet/1', { headers });
        const spent = await send(port(), '/quiet/1', { headers });
        expect(spent.status).toBe(429);
        expect(spent.headers['x-ratelimit-limit']).toBe('3');
      });

      test('tells a gRPC caller RESOURCE_EXHAUSTED and UNAUTHENTICATED in plain sentences', async () => {
        const path = '/orders/shop.Orders/List';
        const stranger = await callGrpc(port(), path, {});
        expect(stranger).toMatchObject({ ':status': 200, 'grpc-status': '16' });
        expect(decodeURIComponent(String(stranger['grpc-message']))).toMatch(/^[A-Z][^{}]+$/);

        const headers = credentials(`grpc-${front}`);
        for (const _ of [1, 2, 3]) await send(port(), '/orders/1', { headers });
        const spent = await callGrpc(port(), path, headers);
        expect(spent).toMatchObject({ ':status': 200, 'grpc-status': '8' });
        expect(decodeURIComponent(String(spent['grpc-message']))).toMatch(/^[A-Z][^{}]+$/);
        expect(spent['retry-after']).toMatch(/^\d+$/);
      });
    });

    test('is told the API by the route, whose base path counts all the same', async () => {
      const port = mesh.envoy.port('pinned');
      const headers = { ...credentials('gold'), host: 'elsewhere.example:8080' };
      expect((await send(port, '/closed/1')).status).toBe(401);
      expect((await send(port, '/closed/1', { headers })).status).toBe(200);
      for (const path of ['/open/1', '/closedx', '/closed../x', '/closed;x/1']) {
        expect((await send(port, path, { headers })).status).toBe(403);
      }
    });

    test('refuses what no API is for', async () => {
      expect((await send(mesh.envoy.port('normalized'), '/nowhere')).status).toBe(403);
      expect((await send(mesh.envoy.port('normalized'), '/ordersx')).status).toBe(403);
    });

    test('finds in its access log what was decided, on allow and on deny', async () => {
      const port = mesh.envoy.port('normalized');
      await send(port, '/orders/logged?allow', { headers: credentials('gold') });
      await send(port, '/orders/logged?deny');
      const entry = (path: string) => mesh.accessLog().find((each) => each.path === path);
      await expect.poll(() => entry('/orders/logged?deny'), { timeout: 15_000 }).toBeDefined();
      expect(entry('/orders/logged?allow')?.ostiary).toMatchObject({
        api: 'orders',
        client_id: 'gold-id',
        client_name: 'gold',
        contract: 'gold-orders',
        tier: 'gold',
        outcome: 'allow',
      });
      expect(entry('/orders/logged?deny')).toMatchObject({
        status: 401,
        flags: 'UAEX',
        details: 'ext_authz_denied',
        ostiary: { api: 'orders', outcome: 'deny', reason: 'client_rejected', policy: expect.any(String) },
      });
    });
  },
);

function ostiaryHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const ours = Object.entries(headers).filter(([name]) => name.replaceAll('_', '-').startsWith('x-ostiary'));
  return Object.fromEntries(ours);
}
