import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { api, client, contract, credentials, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { echoOf, send } from './request.ts';

const envoy = await partOrSkip('envoy');

const CLIENTS = { policyRef: { name: 'client-id-enforcement' } };

describe.skipIf(envoy === undefined).each(['normalized', 'verbatim', 'raw'] as const)('exemptions, %s', (front) => {
  let mesh: Mesh;
  beforeAll(async () => {
    mesh = await startMesh({
      policies: documentsFolder([
        api('shop', { policies: [{ ...CLIENTS, rules: [{ not: [{ path: '/health', methods: 'GET' }] }] }] }),
        api('slashes', { encodedSlashes: 'keep', policies: [{ ...CLIENTS, rules: [{ not: [{ path: '/health' }] }] }] }),
        api('zoned', {
          policies: [
            { ...CLIENTS, rules: [{ not: [{ headers: { 'x-zone': 'inner' } }] }], trustedHeaders: ['x-zone'] },
          ],
        }),
        client('gold'),
        ...['shop', 'slashes', 'zoned'].map((name) => contract('gold', name)),
      ]),
    });
  });
  afterAll(() => mesh?.stop());
  const ask = (path: string, headers: Record<string, string | readonly string[]> = {}, method = 'GET') =>
    send(mesh.envoy.port(front), path, { method, headers });

  test('what is exempt needs no credentials, all else does', async () => {
    expect((await ask('/shop/health')).status).toBe(200);
    expect((await ask('/shop/health?deep=1')).status).toBe(200);
    expect((await ask('/shop/orders')).status).toBe(401);
    expect((await ask('/shop/health', {}, 'POST')).status).toBe(401);
    expect((await ask('/shop/orders', credentials('gold'))).status).toBe(200);
  });

  test('no spelling makes another path exempt', async () => {
    const spellings = [
      'health',
      '/health',
      './health',
      'health/',
      'health/.',
      'health/x',
      'healthx',
      '%68ealth',
      'health;x',
      ';/health',
    ]
      .concat([
        'orders/../health',
        'health/../orders',
        'health/..;/orders',
        'orders;/../health',
        'orders/..;/health',
        'health%2f..%2forders',
      ])
      .concat([
        'health%2Forders',
        'orders%2f..%2fhealth',
        'health%00',
        'health%0a',
        'HEALTH',
        'health%3f',
        'health%23x',
        'health%5c..%5corders',
      ]);
    for (const spelling of spellings) {
      for (const name of ['shop', 'slashes']) {
        const answer = await ask(`/${name}/${spelling}`);
        if (answer.status !== 200) continue;
        // What the upstream serves is what is exempt, however it reads it.
        const seen = echoOf(answer).path;
        expect([spelling, decodeURIComponent(seen)]).toEqual([spelling, `/${name}/health`]);
      }
    }
  });

  test('no list of values makes a request exempt', async () => {
    expect((await ask('/zoned/1', { 'x-zone': 'inner' })).status).toBe(200);
    for (const zone of [['outer', 'inner'], ['inner', 'outer'], 'inner,outer', 'inner, ', 'Inner', '', ' inner x']) {
      expect([zone, (await ask('/zoned/1', { 'x-zone': zone })).status]).toEqual([zone, 401]);
    }
    expect((await ask('/zoned/1')).status).toBe(401);
    expect((await ask('/zoned/1', { x_zone: 'inner' })).status).toBe(401);
  });
});
