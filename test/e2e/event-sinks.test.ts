import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import { send } from './request.ts';
import { shop } from './shop.ts';

const envoyPart = await partOrSkip('envoy');
const PATIENCE = { timeout: 20_000, interval: 100 };

describe.skipIf(envoyPart === undefined)('events of requests through a real Envoy', () => {
  const folder = scratchFolder('events');
  const file = join(folder, 'events.ndjson');
  const upstream = createServer((request, response) => {
    response.statusCode = Number(/\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? 200);
    response.end('answer');
  });
  let ostiary: RealOstiary;
  let envoy: RealEnvoy;

  beforeAll(async () => {
    const port = await freePort();
    await new Promise<void>((resolve) => {
      upstream.listen(0, '127.0.0.1', resolve);
    });
    ostiary = await startOstiary({
      policies: documentsFolder([...shop]),
      listen: `127.0.0.1:${port}`,
      args: ['--events-file', file],
    });
    envoy = await startEnvoy(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port },
        timeoutMs: 2000,
        accessLog: true,
        listeners: [{ name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true }],
        upstream: { host: '127.0.0.1', port: (upstream.address() as AddressInfo).port },
      }),
    );
  });
  afterAll(async () => {
    await Promise.all([envoy?.stop(), ostiary?.stop()]);
    upstream.closeAllConnections();
    upstream.close();
  });

  const events = (): { [field: string]: unknown }[] => {
    try {
      const lines = readFileSync(file, 'utf8').split('\n');
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as { [field: string]: unknown });
    } catch {
      return [];
    }
  };

  test('are lines of a file that nobody else can read', async () => {
    const gold = { headers: { ...credentials('gold'), 'user-agent': 'curl/8.5.0' } };
    const port = envoy.port('in');
    for (let round = 0; round < 20; round++) await send(port, `/orders/${round}?token=secret`, gold);
    expect((await send(port, '/orders/503', { ...gold, method: 'POST' })).status).toBe(503);
    expect((await send(port, '/orders/1')).status).toBe(401);
    await expect.poll(() => events().length, PATIENCE).toBe(22);
    expect(new Set(events().map(({ id }) => id)).size).toBe(22);
    expect(events().at(0)).toMatchObject({
      api: 'orders',
      client_id: 'gold-id',
      tier: 'gold',
      outcome: 'processed',
      method: 'GET',
      status: 200,
    });
    expect(events().at(20)).toMatchObject({ method: 'POST', status: 503, outcome: 'processed' });
    expect(events().at(21)).toMatchObject({ status: 401, outcome: 'blocked' });
    expect(readFileSync(file, 'utf8')).not.toMatch(/secret|token/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const metrics = await (await fetch(`${ostiary.adminUrl}/metrics`)).text();
    expect(metrics).toContain('ostiary_events_taken_total{sink="file"} 22\n');
    expect(metrics).toContain('ostiary_events_sent_total{sink="file"} 22\n');
  });

  test('are all written at SIGTERM', async () => {
    for (let round = 0; round < 30; round++) await send(envoy.port('in'), '/open/1');
    await expect
      .poll(async () => (await fetch(`${ostiary.adminUrl}/metrics`)).text(), PATIENCE)
      .toContain('ostiary_events_taken_total{sink="file"} 52\n');
    await ostiary.stop(10_000);
    expect(events()).toHaveLength(52);
  });
});
