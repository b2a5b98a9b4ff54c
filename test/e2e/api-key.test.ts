import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { broughtKeys } from '../../src/contract/api-key.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api, contract, documentsFolder } from './documents.ts';
import type { Document } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { echoOf, send } from './request.ts';

const envoy = await partOrSkip('envoy');

const SERVER_KEY = 'a key of the service, of 32 bytes and more';
const SECRET = 'hunter2-of-the-shop';
const EVERYWHERE = {
  places: [{ header: 'x-api-key' }, { query: 'api_key' }, { cookie: 'api_key' }],
  forwardCredentials: true,
};
const TIERS = [{ name: 'bronze', limits: [{ maximumRequests: 2, timePeriodInMilliseconds: 60_000 }] }];

const shop: Document = {
  kind: 'ClientApplication',
  metadata: { name: 'shop' },
  spec: {
    clientId: 'shop-id',
    apiKeys: [
      { id: 'k1', value: SECRET },
      { id: 'k0', value: SECRET, expires: '2020-01-01T00:00:00Z' },
      { hmac: broughtKeys(Buffer.from(SERVER_KEY)).hmac('legacy+key/of==another') },
    ],
  },
};

describe.skipIf(envoy === undefined)('API keys through a real Envoy', () => {
  let mesh: Mesh;
  beforeAll(async () => {
    const hmacFile = join(scratchFolder('hmac'), 'key');
    writeFileSync(hmacFile, `${SERVER_KEY}\n`);
    const policies = documentsFolder([
      api('orders', { policies: [{ policyRef: { name: 'api-key' } }] }),
      api('anywhere', { policies: [{ policyRef: { name: 'api-key' }, config: EVERYWHERE }] }),
      api('limited', {
        tiers: TIERS,
        policies: [{ policyRef: { name: 'api-key' } }, { policyRef: { name: 'rate-limiting-sla' } }],
      }),
      shop,
      contract('shop', 'orders'),
      contract('shop', 'anywhere'),
      contract('shop', 'limited', 'bronze'),
    ]);
    mesh = await startMesh({
      policies,
      args: ['--api-key-hmac-file', hmacFile, '--log-level', 'debug', '--log-allow-rate', '1'],
    });
  });
  afterAll(() => mesh?.stop());

  describe.each(['normalized', 'raw'] as const)('with headers sent %s', (front) => {
    const port = () => mesh.envoy.port(front);
    const status = async (headers: Record<string, string | string[]>, path = '/orders/1') =>
      (await send(port(), path, { headers })).status;

    test('a key lets its client through, and the upstream sees who it is and not the key', async () => {
      for (const key of [`k1.${SECRET}`, 'legacy+key/of==another']) {
        const { headers } = echoOf(await send(port(), '/orders/1', { headers: { 'x-api-key': key } }));
        expect(headers).toMatchObject({ 'x-ostiary-client-id': 'shop-id', 'x-ostiary-client-name': 'shop' });
        expect(JSON.stringify(headers)).not.toContain(key);
      }
    });

    test('every other key gets the same 401', async () => {
      const none = await send(port(), '/orders/1');
      expect(none).toMatchObject({ status: 401, headers: { 'www-authenticate': 'ApiKey' } });
      for (const key of ['', `k0.${SECRET}`, 'k1.guess', `k2.${SECRET}`, `k1.${SECRET}x`, 'k1', `K1.${SECRET}`]) {
        const answer = await send(port(), '/orders/1', { headers: { 'x-api-key': key } });
        expect([answer.status, answer.body]).toEqual([401, none.body]);
      }
    });

    test('two keys in one request are none, however they are sent', async () => {
      const key = `k1.${SECRET}`;
      expect(await status({ 'x-api-key': [key, 'k1.guess'] })).toBe(401);
      expect(await status({ 'x-api-key': [key, key] })).toBe(401);
      expect(await status({ 'x-api-key': 'k1.guess', X_Api_Key: key })).toBe(401);
      expect(await status({ 'x-api-key': key }, `/anywhere/1?api_key=k1.guess`)).toBe(401);
      expect(await status({ cookie: [`api_key=${key}`, 'api_key=k1.guess'] }, '/anywhere/1')).toBe(401);
      expect(await status({}, `/anywhere/1?api_key=${key}&api_key=k1.guess`)).toBe(401);
      expect(await status({ cookie: `a=b; api_key=${key}`, 'x-api-key': key }, `/anywhere/1?api%5Fkey=${key}`)).toBe(
        200,
      );
    });
  });

  test('the tier of the contract is enforced without other credentials', async () => {
    const headers = { 'x-api-key': `k1.${SECRET}` };
    const answers = [];
    for (let i = 0; i < 3; i++)
      answers.push((await send(mesh.envoy.port('normalized'), '/limited', { headers })).status);
    expect(answers).toEqual([200, 200, 429]);
  });

  test('no log line has a key, and the one of a wrong secret names the id', async () => {
    const output = mesh.ostiary().output();
    expect(output).toContain('the secret is not that of the API key k1 of client application shop');
    for (const secret of [SECRET, 'k1.guess', 'legacy+key']) expect(output).not.toContain(secret);
  });
});
