import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import { send } from './request.ts';
import { shop } from './shop.ts';

const envoyPart = await partOrSkip('envoy');
const TOKEN = 'a-token-of-operators-that-is-long-enough';

describe.skipIf(envoyPart === undefined)('samples of requests through a real Envoy', () => {
  let ostiary: RealOstiary;
  let envoy: RealEnvoy;
  let upstream: Upstream;
  const tokenFile = join(scratchFolder('token'), 'token');

  beforeAll(async () => {
    writeFileSync(tokenFile, TOKEN);
    const port = await freePort();
    upstream = await startUpstream();
    const args = ['--api-token-file', tokenFile];
    ostiary = await startOstiary({ policies: documentsFolder(shop), listen: `127.0.0.1:${port}`, args });
    const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
    envoy = await startEnvoy(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port },
        timeoutMs: 2000,
        accessLog: true,
        listeners: [listener],
        upstream: { host: '127.0.0.1', port: upstream.port },
      }),
    );
  });
  afterAll(() => Promise.all([envoy?.stop(), ostiary?.stop(), upstream?.close()]));

  async function samples(question: object): Promise<unknown[]> {
    const response = await fetch(`${ostiary.apiUrl}/ostiary.v1.AnalyticsService/ListSamples`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(question),
    });
    expect(response.status).toBe(200);
    return ((await response.json()) as { samples?: unknown[] }).samples ?? [];
  }

  test('tell why a request was refused, without what it was refused with', async () => {
    expect(await samples({})).toEqual([]);
    // None is taken before the first stream of Envoy's log.
    await send(envoy.port('in'), '/orders/1', { headers: credentials('gold') });
    await expect
      .poll(
        async () => {
          await send(envoy.port('in'), '/orders/marker?marker', {
            headers: { client_id: 'marker', client_secret: 'marker' },
          });
          return (await samples({ api: 'orders', reason: 'client_rejected' })).length;
        },
        { timeout: 15_000, interval: 200 },
      )
      .toBeGreaterThan(0);
    const [sample] = await samples({ api: 'orders' });
    const named = { name: 'orders/client-id-enforcement', policy: 'client-id-enforcement' };
    expect(sample).toMatchObject({
      api: 'orders',
      route: '/orders',
      outcome: 'blocked',
      policy: named.name,
      reason: 'client_rejected',
      status: 401,
      method: 'GET',
      steps: [
        { ...named, result: 'RESULT_DENY', reason: 'client_rejected' },
        { name: 'orders/rate-limiting-sla', result: 'RESULT_NOT_REACHED' },
      ],
    });
    expect(JSON.stringify(sample)).not.toContain('marker');
    const address = ostiary.apiUrl.slice('http://'.length);
    const flags = ['--api-address', address, '--api-token-file', tokenFile, '-o', 'json'];
    const printed = await runOstiary(['analytics', 'samples', '--api', 'orders', ...flags]);
    await printed.exited;
    expect(printed.output()).toContain('client_rejected');
  }, 60_000);
});
