import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { startEnvoy } from '../real/envoy.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { credentials, documentsFolder } from './documents.ts';
import { send } from './request.ts';
import { shop } from './shop.ts';

const envoyPart = await partOrSkip('envoy');
const TOKEN = 'a-token-of-operators-that-is-long-enough';

test.skipIf(envoyPart === undefined).each([
  ['one process', []],
  ['two workers', ['--workers', '2']],
])(
  'an Envoy that ends with entries on their way is named, by %s',
  async (_, args) => {
    const folder = scratchFolder('unreported');
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, TOKEN);
    const port = await freePort();
    const upstream = await startUpstream();
    const ostiary = await startOstiary({
      policies: documentsFolder(shop),
      listen: `127.0.0.1:${port}`,
      args: ['--api-token-file', tokenFile, '--data-dir', join(folder, 'data'), ...args],
    });
    const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
    const envoy = await startEnvoy(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port },
        timeoutMs: 2000,
        accessLog: true,
        listeners: [listener],
        upstream: { host: '127.0.0.1', port: upstream.port },
      }),
    );
    const ask = (): Promise<unknown> => send(envoy.port('in'), '/orders/1', { headers: credentials('gold') });
    const counted = async (): Promise<boolean> =>
      /^ostiary_requests_total\{.*orders/m.test(await (await fetch(`${ostiary.adminUrl}/metrics`)).text());
    await ask();
    await expect.poll(counted, { timeout: 20_000, interval: 100 }).toBe(true);
    const address = `127.0.0.1:${envoy.port('in')}`;
    for (let at = 0; at < 5; at += 1) await ask();
    // Its log is sent once a second.
    await envoy.kill();
    interface Told {
      completeness: { unreported?: string; unreportedBy?: { envoy: string; decided: string; unreported: string }[] };
    }
    const query = async (): Promise<Told['completeness']> => {
      const response = await fetch(`${ostiary.apiUrl}/ostiary.v1.AnalyticsService/Query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ by: ['api'], time: { last: '600s' } }),
      });
      return ((await response.json()) as Told).completeness;
    };
    await expect.poll(query, { timeout: 120_000, interval: 1000 }).toHaveProperty('unreportedBy');
    await expect
      .poll(async () => (await query()).unreported, { timeout: 30_000, interval: 1000 })
      .toBe((await query()).unreportedBy?.[0]?.unreported);
    const { unreportedBy = [] } = await query();
    expect(unreportedBy).toMatchObject([{ envoy: address }]);
    const [{ decided, unreported } = { decided: '', unreported: '' }] = unreportedBy;
    expect(Number(unreported)).toBeGreaterThan(0);
    expect(Number(unreported)).toBeLessThanOrEqual(5);
    expect(Number(decided)).toBe(6);
    const flags = ['--api-address', ostiary.apiUrl.slice('http://'.length), '--api-token-file', tokenFile];
    const printed = await runOstiary(['analytics', 'query', '--by', 'api', ...flags]);
    await printed.exited;
    expect(printed.output()).toContain(address);
    await Promise.all([ostiary.stop(), upstream.close()]);
  },
  240_000,
);
