import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort } from '../real/scratch.ts';
import { api, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { callGrpc, send } from './request.ts';

const envoy = await partOrSkip('envoy');

const HOST = 'api.example.com';
const PATH = '/.well-known/oauth-protected-resource/tokens';
const AT = `resource_metadata="https://${HOST}${PATH}"`;

const tokens = api('tokens', {
  publicUrl: `https://${HOST}/tokens`,
  policies: [
    {
      policyRef: { name: 'jwt-validation' },
      config: {
        signingMethod: 'hmac',
        textKey: 'x'.repeat(32),
        issuer: 'https://login.example',
        requiredScopes: ['read'],
        skipClientIdValidation: true,
      },
    },
  ],
});

describe.skipIf(envoy === undefined).each(['normalized', 'verbatim', 'raw'] as const)(
  'the metadata of a protected resource, %s',
  (front) => {
    let mesh: Mesh;
    beforeAll(async () => {
      mesh = await startMesh({ policies: documentsFolder([tokens]) });
    });
    afterAll(() => mesh?.stop());
    const ask = (method: string, asked = PATH) =>
      send(mesh.envoy.port(front), asked, { method, headers: { host: HOST, 'x-forwarded-host': 'evil.example' } });

    test('is read by whoever has no token, found from the challenge of the API', async () => {
      const refused = await ask('GET', '/tokens/1');
      expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, `Bearer scope="read", ${AT}`]);
      const answer = await ask('GET');
      expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
      expect(JSON.parse(answer.body)).toEqual({
        resource: `https://${HOST}/tokens`,
        authorization_servers: ['https://login.example'],
        scopes_supported: ['read'],
        bearer_methods_supported: ['header'],
      });
    });

    test('is answered without a body to HEAD, and to a preflight', async () => {
      const head = await ask('HEAD');
      expect([head.status, head.body, head.headers['content-type']]).toEqual([200, '', 'application/json']);
      const preflight = await ask('OPTIONS');
      expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, '*']);
      expect(preflight.body).toBe('');
    });

    test('is no way past the policies', async () => {
      const others = [
        '/tokens/../.well-known/x',
        `${PATH}/../../../tokens/1`,
        `${PATH}/..;/tokens`,
        `/tokens${PATH}`,
        `${PATH}%2f..`,
      ];
      for (const other of others) {
        // The upstream tells the headers that it got.
        expect([other, (await ask('GET', other)).body]).toEqual([
          other,
          expect.not.stringContaining('x-forwarded-host'),
        ]);
      }
      expect((await ask('POST')).status).toBe(403);
    });

    test('a gRPC caller is told of it too', async () => {
      const refused = await callGrpc(mesh.envoy.port(front), '/tokens/shop.Orders/List', {});
      expect(refused).toMatchObject({ 'grpc-status': '16', 'www-authenticate': `Bearer scope="read", ${AT}` });
    });

    test('is written to the access log as an answer', async () => {
      await ask('GET', `${PATH}?logged`);
      const entry = () => mesh.accessLog().find((each) => each.path === `${PATH}?logged`);
      await expect
        .poll(entry, { timeout: 15_000 })
        .toMatchObject({ status: 200, ostiary: { api: 'tokens', outcome: 'answer' } });
    });
  },
);

test.skipIf(envoy === undefined)(
  'Envoy asks about the well-known path only where it has a route, and follows none',
  async () => {
    const port = await freePort();
    const ostiary = await startOstiary({ listen: `127.0.0.1:${port}`, policies: documentsFolder([tokens]) });
    const listener = {
      name: 'only',
      host: '127.0.0.1',
      port: 0,
      rawHeaders: true,
      normalizePath: true,
      api: undefined,
    };
    const whole = bootstrap({
      ostiary: { kind: 'tcp', host: '127.0.0.1', port },
      timeoutMs: 2000,
      listeners: [listener],
      // Nobody is there: nothing is to reach it.
      upstream: { host: '127.0.0.1', port: await freePort() },
    });
    const narrow = JSON.stringify(whole).replaceAll('"prefix":"/"', '"prefix":"/tokens"');
    const route = {
      match: { path_separated_prefix: '/.well-known/oauth-protected-resource' },
      direct_response: { status: 404 },
    };
    const routed = narrow.replace('"routes":[', `"routes":[${JSON.stringify(route)},`);
    expect(routed).not.toBe(narrow);
    for (const [config, status] of [
      [narrow, 404],
      [routed, 200],
    ] as const) {
      const proxy = await startEnvoy(JSON.parse(config) as object);
      const answer = await send(proxy.port('only'), PATH, { headers: { host: HOST } });
      await proxy.stop();
      expect(answer.status).toBe(status);
    }
    await ostiary.stop();
  },
);
