import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
import { startUp } from '../real/up.ts';
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

  test('of everything in one process are at its control plane, where the console asks for them', async () => {
    const up = await startUp({ dataDir: join(scratchFolder('up'), 'data'), policies: documentsFolder(shop) });
    const [host = '', port] = up.listen.split(':');
    const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
    const own = await startEnvoy(
      bootstrap({
        ostiary: { kind: 'tcp', host, port: Number(port) },
        timeoutMs: 2000,
        accessLog: true,
        listeners: [listener],
        upstream: { host: '127.0.0.1', port: upstream.port },
      }),
    );
    const listed = async (): Promise<string> => {
      const response = await fetch(`${up.controlUrl}/ostiary.v1.AnalyticsService/ListSamples`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${up.env.OSTIARY_TOKEN}` },
        body: JSON.stringify({ where: [{ dimension: 'outcome', values: ['blocked'] }] }),
      });
      return response.text();
    };
    try {
      // None is taken before the first stream of Envoy's log.
      await expect
        .poll(
          async () => {
            await send(own.port('in'), '/orders/1', {});
            return listed();
          },
          { timeout: 20_000, interval: 500 },
        )
        .toContain('"reason":"client_rejected"');
    } finally {
      await Promise.all([own.stop(), up.stop()]);
    }
  });

  test('outlive the process, killed though it is, and have no credential in their files', async () => {
    const port = await freePort();
    const data = join(scratchFolder('samples'), 'data');
    const args = ['--api-token-file', tokenFile, '--data-dir', data];
    const options = { policies: documentsFolder(shop), listen: `127.0.0.1:${port}`, args };
    let process = await startOstiary(options);
    const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
    const own = await startEnvoy(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port },
        timeoutMs: 2000,
        accessLog: true,
        listeners: [listener],
        upstream: { host: '127.0.0.1', port: upstream.port },
      }),
    );
    const marked = Object.fromEntries(
      ['authorization', 'proxy-authorization', 'cookie', 'x-api-key', 'api-key', 'client_id', 'client_secret', 'dpop']
        .concat('x-forwarded-client-cert', 'user-agent', 'referer')
        .map((name) => [name, name === 'authorization' ? 'Bearer marker-of-authorization' : `marker-of-${name}`]),
    );
    const ask = (): Promise<{ status: number }> =>
      send(own.port('in'), '/orders/marker-of-path?token=marker-of-query', { headers: marked });
    await send(own.port('in'), '/orders/1', { headers: credentials('gold') });
    const read = (): string =>
      readdirSync(join(data, 'samples'))
        .map((name) => readFileSync(join(data, 'samples', name), 'utf8'))
        .join('');
    await expect
      .poll(
        async () => {
          await ask();
          return read();
        },
        { timeout: 20_000, interval: 300 },
      )
      .toMatch(/client_rejected[^]*"status":401/);
    await process.kill();
    expect(read()).not.toContain('marker-of');
    await own.stop();
    // No Envoy streams its log to this one.
    process = await startOstiary(options);
    const flags = [
      '--api-address',
      process.apiUrl.slice('http://'.length),
      '--api-token-file',
      tokenFile,
      '-o',
      'json',
    ];
    const printed = await runOstiary(['analytics', 'samples', '--api', 'orders', ...flags]);
    await printed.exited;
    expect(printed.output()).toContain('client_rejected');
    expect(printed.output()).not.toContain('marker-of');
    await process.stop();
  }, 90_000);
});
