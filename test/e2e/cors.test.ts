import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { api, client, contract, credentials, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { callGrpc, send } from './request.ts';

const envoy = await partOrSkip('envoy');
const SHOP = 'https://shop.example.com';

describe.skipIf(envoy === undefined)('a browser before a real Envoy', () => {
  let mesh: Mesh;
  let reached = 0;
  beforeAll(async () => {
    const clients = ['normalized', 'raw'].flatMap((name) => [client(name), contract(name, 'orders')]);
    const limit = { rateLimits: [{ maximumRequests: 2, timePeriodInMilliseconds: 60_000 }] };
    const policies = documentsFolder([
      ...clients,
      api('orders', {
        policies: [
          { policyRef: { name: 'client-id-enforcement' }, order: 1 },
          {
            policyRef: { name: 'rate-limiting' },
            config: { ...limit, keySelector: "#[attributes.headers['client_id']]" },
          },
          {
            policyRef: { name: 'cors' },
            config: {
              supportCredentials: true,
              originGroups: [{ origins: [SHOP], headers: ['client_id', 'client_secret'] }],
            },
          },
        ],
      }),
    ]);
    mesh = await startMesh({ policies, upstream: await openUpstream(() => void reached++) });
  });
  afterAll(() => mesh?.stop());

  describe.each(['normalized', 'raw'] as const)('that sends headers %s', (front) => {
    const port = () => mesh.envoy.port(front);
    const preflight = (origin: string | readonly string[], more: object = {}) =>
      send(port(), '/orders/1', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'PUT', ...more },
      });

    test('gets the answer to a preflight, which reaches no upstream and needs no credentials', async () => {
      const before = reached;
      const answer = await preflight(SHOP, { 'access-control-request-headers': 'client_id,client_secret' });
      expect([answer.status, answer.body]).toEqual([200, '']);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': SHOP,
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': 'client_id,client_secret',
        'access-control-allow-methods': expect.stringContaining('PUT'),
        'access-control-max-age': '30',
        vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      });
      expect(reached).toBe(before);
    });

    test.each([
      ['of a stranger', 'https://evil.io', {}],
      ['with two origins', [SHOP, SHOP], {}],
      ['with two origins of which one is meant', [SHOP, 'https://evil.io'], {}],
      ['for two methods', SHOP, { 'access-control-request-method': ['PUT', 'GET'] }],
      ['for a header that is not listed', SHOP, { 'access-control-request-headers': ['client_id', 'x-other'] }],
    ])('a preflight %s is refused, and reaches no upstream', async (_, origin, more) => {
      const before = reached;
      const answer = await preflight(origin, more);
      expect(answer.status).toBe(403);
      expect(answer.headers['vary']).toContain('Origin');
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
      expect(reached).toBe(before);
    });

    test('can read an allow, a 401 and a 429 with their headers; the upstream’s own CORS headers are replaced', async () => {
      const headers = { origin: SHOP, ...credentials(front) };
      const told = {
        'access-control-allow-origin': SHOP,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': expect.stringContaining('retry-after'),
      };
      const allowed = await send(port(), '/orders/1', { headers });
      expect(allowed.status).toBe(200);
      expect(allowed.headers).toMatchObject(told);
      expect(String(allowed.headers['vary'])).toMatch(/^accept-encoding, ?Origin$/);
      const refused = await send(port(), '/orders/1', { headers: { origin: SHOP } });
      expect(refused.status).toBe(401);
      expect(refused.headers).toMatchObject({ ...told, vary: 'Origin', 'www-authenticate': 'Client-ID-Enforcement' });
      await send(port(), '/orders/1', { headers });
      const spent = await send(port(), '/orders/1', { headers });
      expect(spent.status).toBe(429);
      expect(spent.headers).toMatchObject({ ...told, 'retry-after': expect.any(String) });
      const call = await callGrpc(port(), '/orders/a.B/C', { origin: SHOP });
      expect(call).toMatchObject({ 'grpc-status': '16', 'access-control-allow-origin': SHOP });
    });

    test('of another origin can read nothing, whatever the upstream says', async () => {
      for (const origin of ['https://evil.io', [SHOP, 'https://evil.io']]) {
        const answer = await send(port(), '/orders/1', { headers: { origin, ...credentials(front) } });
        expect(answer.headers['access-control-allow-origin'] ?? '').toBe('');
        expect(answer.headers['access-control-allow-credentials'] ?? '').toBe('');
        expect(answer.headers['vary']).toContain('Origin');
      }
    });
  });
});

/** It lets every origin in, as many frameworks do. */
async function openUpstream(onRequest: () => void) {
  const server = createServer((_, response) => {
    onRequest();
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('vary', 'accept-encoding');
    response.end('ok');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
