import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { runMain } from '../cli/run-main.ts';
import { api, documentsFolder } from '../e2e/documents.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';

const redisPart = await partOrSkip('redis-server');
const envoyPart = await partOrSkip('envoy');

interface Told {
  readonly findings: readonly { readonly code: string; readonly object: string; readonly field: string }[];
  readonly notLookedAt: readonly { readonly what: string; readonly why: string }[];
  readonly lookedAt: readonly string[];
}

async function doctor(...args: readonly string[]): Promise<{ code: number; told: Told; codes: readonly string[] }> {
  const { code, stdout } = await runMain(['doctor', ...args, '-o', 'json']);
  const told = JSON.parse(stdout) as Told;
  return { code, told, codes: told.findings.map((each) => each.code) };
}

describe.skipIf(redisPart === undefined)('a real Redis', () => {
  let redis: RealRedis;
  beforeAll(async () => {
    redis = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru', '--save', ''] });
  });
  afterAll(() => redis?.stop());

  test('that evicts counters and keeps nothing is told, until it does neither', async () => {
    const asked = await doctor('--redis', redis.url);
    expect([asked.code, asked.codes]).toEqual([1, ['OST401', 'OST402']]);
    expect(asked.told.notLookedAt).toEqual([]);
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await redis.cli('CONFIG', 'SET', 'appendonly', 'yes');
    const better = await doctor('--redis', redis.url);
    expect([better.code, better.codes]).toEqual([0, []]);
  });

  test('that does not let its settings be read is not green', async () => {
    await redis.cli('ACL', 'SETUSER', 'shop', 'on', 'nopass', '~*', '+@all', '-config');
    const { code, told } = await doctor('--redis', redis.url.replace('redis://', 'redis://shop:any@'));
    expect([code, told.findings]).toEqual([3, []]);
    expect(told.notLookedAt[0]?.what).toContain('settings of Redis');
    expect(JSON.stringify(told)).not.toContain('any@');
  });
});

test('what does not answer is not green, and is told with its reason', async () => {
  const port = await freePort();
  const nobody = `http://127.0.0.1:${port}`;
  const token = join(scratchFolder('doctor'), 'token');
  writeFileSync(token, 'a-token-of-somebody');
  const { code, told } = await doctor(
    `--redis=redis://127.0.0.1:${port}`,
    `--admin=${nobody}`,
    `--envoy-admin=${nobody}`,
    '--control-plane',
    `--server=${nobody}`,
    `--token-file=${token}`,
  );
  expect([code, told.findings]).toEqual([3, []]);
  expect(told.notLookedAt.map(({ why }) => why)).toEqual([
    ...Array.from({ length: 3 }, () => 'nobody listens there'),
    expect.stringContaining('does not answer'),
  ]);
});

test('something else than what was meant is not green either', async () => {
  const server = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { code, told } = await doctor('--envoy-admin', url);
  expect([code, told.findings]).toEqual([3, []]);
  expect(told.notLookedAt[0]?.why).toContain("is this Envoy's administration?");
  server.close();
});

describe.skipIf(envoyPart === undefined)('a real Envoy and a real ostiary', () => {
  let ostiary: RealOstiary;
  let envoy: RealEnvoy;
  beforeAll(async () => {
    const policies = documentsFolder([api('orders', { policies: [{ policyRef: { name: 'client-id-enforcement' } }] })]);
    ostiary = await startOstiary({ policies });
    const [host = '', port = ''] = ostiary.listen.split(':');
    const listener = (name: string) => {
      return { name, host: '127.0.0.1', port: 0, rawHeaders: false, normalizePath: true, api: undefined };
    };
    const config = bootstrap({
      ostiary: { kind: 'tcp', host, port: Number(port) },
      timeoutMs: 250,
      accessLog: true,
      listeners: [listener('in'), listener('other')],
      upstream: { host: '127.0.0.1', port: 1 },
    }) as { static_resources: { listeners: { filter_chains: Changeable[] }[] } };
    const [chain] = config.static_resources.listeners[1]?.filter_chains ?? [];
    chain?.filters[0]?.typed_config.http_filters.shift();
    envoy = await startEnvoy(config);
  });
  afterAll(() => Promise.all([envoy?.stop(), ostiary?.stop()]));

  test('are looked at as they run: the one listener that does not ask is found', async () => {
    const { code, told } = await doctor('--envoy-admin', envoy.adminUrl, '--admin', ostiary.adminUrl);
    expect(told.findings.map((each) => each.code)).toEqual(['OST202']);
    expect(code).toBe(1);
    expect(told.notLookedAt).toEqual([]);
    expect(told.lookedAt).toHaveLength(2);
  });

  test('requests that no API matches are told', async () => {
    await fetch(`http://127.0.0.1:${envoy.port('in')}/nothing`);
    await expect.poll(async () => (await doctor('--admin', ostiary.adminUrl)).codes).toEqual(['OST702']);
  });
});

interface Changeable {
  readonly filters: { readonly typed_config: { readonly http_filters: object[] } }[];
}
