import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { api, client, contract, credentials, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { echoOf, send } from './request.ts';

const envoy = await partOrSkip('envoy');

describe.skipIf(envoy === undefined)('headers through a real Envoy', () => {
  let mesh: Mesh;
  beforeAll(async () => {
    const injection = {
      policyRef: { name: 'header-injection' },
      config: {
        inboundHeaders: [
          { key: 'x-tenant', value: "#[attributes.queryParams['tenant']]" },
          { key: 'authorization', value: 'Basic aW5uZXI6c2VjcmV0' },
          { key: 'x-caller', value: '#[authentication.principal]' },
        ],
        outboundHeaders: [
          { key: 'strict-transport-security', value: 'max-age=600' },
          { key: 'x-method', value: '#[attributes.method]' },
          { key: 'set-cookie', value: 'b=2' },
        ],
      },
    };
    const answersOnly = { ...injection, config: { outboundHeaders: injection.config.outboundHeaders } };
    const removal = {
      policyRef: { name: 'header-removal' },
      config: {
        inboundHeaders: ['x-debug', 'x-trace-.*', '.*-envoy-.*'],
        outboundHeaders: ['x-powered-by', 'x-absent'],
      },
    };
    const gate = { policyRef: { name: 'client-id-enforcement' }, order: 60 };
    const policies = documentsFolder([
      client('web'),
      contract('web', 'orders'),
      api('orders', { policies: [{ ...gate, order: 40 }, injection, removal] }),
      api('late', { policies: [answersOnly, gate] }),
      api('open'),
    ]);
    mesh = await startMesh({ policies, upstream: await openUpstream() });
  });
  afterAll(() => mesh?.stop());

  describe.each(['normalized', 'raw'] as const)('sent %s', (front) => {
    const ask = (path: string, headers: Readonly<Record<string, string | readonly string[]>> = {}) =>
      send(mesh.envoy.port(front), path, { headers: { ...credentials('web'), ...headers } });

    test('are set in place of the caller’s, once or repeated, in every spelling', async () => {
      const forged = { 'x-tenant': ['root', 'admin'], X_Tenant: 'root', 'x.tenant': 'root', authorization: ['a', 'b'] };
      const set = echoOf(await ask('/orders/1?tenant=acme', forged));
      expect(set.headers).toMatchObject({
        'x-tenant': 'acme',
        'x-caller': 'web-id',
        authorization: 'Basic aW5uZXI6c2VjcmV0',
      });
      expect(Object.keys(set.headers).filter((name) => /^x.tenant$/.test(name))).toEqual(['x-tenant']);
      const unset = echoOf(await ask('/orders/1', forged));
      expect(Object.keys(unset.headers).filter((name) => name.includes('tenant'))).toEqual([]);
      const elsewhere = echoOf(await ask('/open/1', forged));
      expect(Object.keys(elsewhere.headers).filter((name) => name.includes('tenant'))).toEqual([]);
      expect(elsewhere.headers['authorization']).toMatch(/^a, ?b$/);
    });

    test('are set in answers, on allows and on denials of later policies', async () => {
      const told = { 'strict-transport-security': 'max-age=600', 'x-method': 'GET' };
      const allowed = await ask('/orders/1');
      expect(allowed.headers).toMatchObject({ ...told, 'set-cookie': ['a=1', 'b=2'] });
      const denied = await ask('/late/1', { client_id: 'nobody' });
      expect(denied.status).toBe(401);
      expect(denied.headers).toMatchObject({ ...told, 'set-cookie': ['b=2'] });
    });

    test('that a query would split an answer with are refused', async () => {
      const answer = await ask('/orders/1?tenant=a%0d%0aset-cookie:%20c=3');
      expect(answer.status).toBe(400);
      expect(JSON.stringify(answer.headers)).not.toContain('c=3');
    });

    test('are removed by name and by expression, once or repeated, and none of Envoy’s', async () => {
      const sent = { 'x-debug': ['1', '2'], x_debug: '3', 'X-Trace-A': ['1', '2'], 'x-trace-b': '1', 'x-other': '1' };
      const { headers } = echoOf(await ask('/orders/1', sent));
      expect(Object.keys(headers).filter((name) => /debug|trace|other/.test(name))).toEqual(['x-other']);
      expect(headers['x-envoy-expected-rq-timeout-ms']).toBeDefined();
    });

    test('of answers lose their values, and none appears that was not there', async () => {
      const { headers } = await ask('/orders/1');
      expect(headers['x-powered-by']).toBe('');
      expect(Object.keys(headers)).not.toContain('x-absent');
      expect((await ask('/open/1')).headers['x-powered-by']).toMatch(/^one, ?two$/);
    });
  });
});

/** Echoes what arrives, and talks of itself. */
async function openUpstream() {
  const server = createServer((request, response) => {
    const headers = Object.entries(request.headersDistinct).map(([name, values]) => [name, values?.join(',')]);
    response.setHeader('x-powered-by', ['one', 'two']);
    response.setHeader('set-cookie', 'a=1');
    response.end(JSON.stringify({ headers: Object.fromEntries(headers) as object }));
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
