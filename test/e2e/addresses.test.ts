import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { api, documentsFolder } from './documents.ts';
import { startMesh } from './mesh.ts';
import type { Mesh } from './mesh.ts';
import { send } from './request.ts';

const envoy = await partOrSkip('envoy');

const policy = (name: string, config: object) => ({ policies: [{ policyRef: { name }, config }] });
const documents = [
  api(
    'offices',
    policy('ip-allowlist', { ips: ['192.0.2.7', '198.51.100', '2001:db8::/32'], files: ['partners.txt'] }),
  ),
  api('public', policy('ip-blocklist', { ips: ['203.0.113.0/24', '2001:db8:bad::/48'] })),
  api('peer', policy('ip-allowlist', { ips: ['127.0.0.0/8'], ipExpression: "#[attributes.headers['x-client']]" })),
];

describe.skipIf(envoy === undefined)('lists of addresses behind a real Envoy and one trusted proxy', () => {
  let mesh: Mesh;
  let folder = '';
  beforeAll(async () => {
    folder = documentsFolder(documents);
    writeFileSync(join(folder, 'partners.txt'), '# partners\n192.0.2.128/25\n');
    mesh = await startMesh({ policies: folder, args: ['--trusted-hops', '1'] });
  });
  afterAll(() => mesh?.stop());

  describe.each(['normalized', 'raw'] as const)('with headers sent %s', (front) => {
    const status = async (path: string, headers: Record<string, string | string[]>) =>
      (await send(mesh.envoy.port(front), path, { headers })).status;
    const from = (address: string | string[]) => ({ 'x-forwarded-for': address });

    test('admit the addresses that are allowed, as the trusted proxy tells them', async () => {
      for (const address of [
        '192.0.2.7',
        '198.51.100.9',
        '2001:db8::9',
        '::ffff:192.0.2.7',
        '192.0.2.129',
        '[2001:db8::9]:443',
      ]) {
        expect([address, await status('/offices/1', from(address))]).toEqual([address, 200]);
      }
      const answer = await send(mesh.envoy.port(front), '/offices/1', { headers: from('192.0.2.8') });
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body)).toEqual({ error: 'Requests from this address are not allowed.' });
    });

    test('deny the addresses that are blocked', async () => {
      expect(await status('/public/1', from('192.0.2.7'))).toBe(200);
      for (const address of ['203.0.113.1', '::ffff:203.0.113.1', '2001:db8:bad::1']) {
        expect([address, await status('/public/1', from(address))]).toEqual([address, 403]);
      }
    });

    test('take nothing that the caller put before what the proxy wrote', async () => {
      expect(await status('/offices/1', from('192.0.2.7, 203.0.113.9'))).toBe(403);
      expect(await status('/offices/1', from(['192.0.2.7', '203.0.113.9']))).toBe(403);
      expect(await status('/public/1', from('192.0.2.7, 203.0.113.9'))).toBe(403);
      expect(await status('/public/1', from(['203.0.113.9', '192.0.2.7']))).toBe(200);
    });

    test('deny where an expression finds anything but one address', async () => {
      expect(await status('/peer/1', { 'x-client': '127.0.0.1' })).toBe(200);
      for (const value of [
        '127.0.0.1:80',
        '127.0.0.1, 127.0.0.2',
        'localhost',
        '127.1',
        '0177.0.0.1',
        '127.0.0.1%lo',
      ]) {
        expect([value, await status('/peer/1', { 'x-client': value })]).toEqual([value, 403]);
      }
      expect(await status('/peer/1', { 'x-client': ['127.0.0.1', '127.0.0.2'] })).toBe(403);
      expect(await status('/peer/1', {})).toBe(403);
    });
  });

  test('follow their files', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.8' };
    const status = async () => (await send(mesh.envoy.port('raw'), '/offices/1', { headers })).status;
    expect(await status()).toBe(403);
    writeFileSync(join(folder, 'new.tmp'), '192.0.2.8\n');
    renameSync(join(folder, 'new.tmp'), join(folder, 'partners.txt'));
    await expect.poll(status, { timeout: 10_000 }).toBe(200);
    writeFileSync(join(folder, 'partners.txt'), '192.0.2.300\n');
    await expect.poll(() => mesh.ostiary().output(), { timeout: 10_000 }).toContain('partners.txt:1:1');
    expect(await status()).toBe(200);
  });
});
