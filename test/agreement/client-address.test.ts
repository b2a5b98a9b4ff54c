import { describe, expect, onTestFinished, test } from 'vitest';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import type { ListenerOptions } from '../../src/generate/bootstrap.ts';
import { api, documentsFolder } from '../e2e/documents.ts';
import { send } from '../e2e/request.ts';
import { startEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort } from '../real/scratch.ts';
import { startUpstreams } from './upstreams.ts';

const envoyPart = await partOrSkip('envoy');

/** One request a minute for each client, so that two requests tell whether they are taken for one client's. */
const LIMITED = {
  policyRef: { name: 'rate-limiting' },
  config: {
    rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 60_000 }],
    keySelector: '#[attributes.remoteAddress]',
  },
};

const FRONTS: Readonly<Record<string, object>> = {
  // What `generate bootstrap` and Istio's gateways have: Envoy appends its peer.
  appends: {},
  // The same, told by Istio's `numTrustedProxies` of what stands before it.
  'appends-trusting': { xff_num_trusted_hops: 1 },
  // What Istio's sidecars have.
  'as-sent': { use_remote_address: false },
};

async function start(args: readonly string[]): Promise<(front: string, forwarded?: string) => Promise<number>> {
  const upstreams = await startUpstreams(['api']);
  const port = await freePort();
  const policies = documentsFolder([api('any', { basePath: '/', policies: [LIMITED] })]);
  const ostiary = await startOstiary({ policies, listen: `127.0.0.1:${port}`, args });
  const listeners = Object.keys(FRONTS).map((name): ListenerOptions => {
    return { name, host: '127.0.0.1', port: 0, rawHeaders: false, normalizePath: true, api: undefined };
  });
  const made = JSON.parse(
    JSON.stringify(
      bootstrap({
        ostiary: { kind: 'tcp', host: '127.0.0.1', port },
        timeoutMs: 10_000,
        listeners,
        upstream: { host: '127.0.0.1', port: upstreams.port('api') },
      }),
    ),
  ) as {
    static_resources: { listeners: { name: string; filter_chains: [{ filters: [{ typed_config: object }] }] }[] };
  };
  for (const { name, filter_chains: chains } of made.static_resources.listeners) {
    Object.assign(chains[0].filters[0].typed_config, FRONTS[name]);
  }
  const envoy = await startEnvoy(made);
  onTestFinished(async () => {
    await Promise.all([envoy.stop(), ostiary.stop(), upstreams.close()]);
  });
  return async (front, forwarded) => {
    const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    return (await send(envoy.port(front), '/', { headers })).status;
  };
}

describe.skipIf(envoyPart === undefined)('behind a real Envoy', () => {
  test('without trusted hops nobody chooses the address it is counted by', async () => {
    const ask = await start(['--trusted-hops', '0']);
    expect(await ask('appends')).toBe(200);
    for (const front of Object.keys(FRONTS)) {
      expect([front, await ask(front, '198.51.100.7')]).toEqual([front, 429]);
      expect([front, await ask(front, '198.51.100.8, 127.0.0.1')]).toEqual([front, 429]);
    }
  });

  test.each(Object.keys(FRONTS))('one trusted hop before an Envoy that %s is told from its clients', async (front) => {
    const ask = await start(['--trusted-hops', '1']);
    // The test is the load balancer, which appends its own peer.
    expect(await ask(front, '198.51.100.7')).toBe(200);
    expect(await ask(front, '198.51.100.8')).toBe(200);
    expect(await ask(front, '198.51.100.7')).toBe(429);
    // What a client sends itself lies left of what the load balancer appends.
    expect(await ask(front, '203.0.113.1, 198.51.100.7')).toBe(429);
    expect(await ask(front, '203.0.113.2,203.0.113.3, 198.51.100.8')).toBe(429);
    // Who comes past the load balancer and sends nothing is its own peer.
    expect(await ask(front)).toBe(200);
    expect(await ask(front, 'unknown')).toBe(429);
  });

  test('a peer that is no trusted proxy chooses nothing', async () => {
    const ask = await start(['--trusted-hops', '1', '--trusted-proxies', '10.0.0.0/8']);
    for (const [index, front] of Object.keys(FRONTS).entries()) {
      expect([front, await ask(front, '198.51.100.7')]).toEqual([front, index === 0 ? 200 : 429]);
      expect([front, await ask(front, '198.51.100.8')]).toEqual([front, 429]);
    }
  });

  test('two trusted hops are counted past the entry that Envoy appends', async () => {
    const ask = await start([
      '--trusted-hops',
      '2',
      '--trusted-proxies',
      '127.0.0.0/8',
      '--trusted-proxies',
      '192.0.2.0/24',
    ]);
    expect(await ask('appends', '198.51.100.7, 192.0.2.1')).toBe(200);
    expect(await ask('appends', '203.0.113.9, 198.51.100.7, 192.0.2.2')).toBe(429);
    expect(await ask('as-sent', '198.51.100.9, 192.0.2.1')).toBe(200);
    // Its middle hop is nobody that is trusted: the peer is the client.
    expect(await ask('appends', '198.51.100.10, 203.0.113.9')).toBe(200);
    expect(await ask('appends', '198.51.100.11, 203.0.113.9')).toBe(429);
  });
});
