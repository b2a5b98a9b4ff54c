import { createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startUpstream } from '../../demo/upstream.ts';
import type { Upstream } from '../../demo/upstream.ts';
import { CHECK_PATH } from '../../src/envoy/check-service.ts';
import { accessLogger } from '../../src/generate/access-logger.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { ostiaryCluster } from '../../src/generate/cluster.ts';
import { RawClient } from '../grpc/client.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { credentials, documentsFolder } from './documents.ts';
import { send } from './request.ts';
import { shop } from './shop.ts';

const HAS_PARTS = (await partOrSkip('envoy')) !== undefined && (await partOrSkip('redis-server')) !== undefined;
const PATIENCE = { timeout: 20_000, interval: 200 };

interface Cluster {
  name: string;
  health_checks?: object;
  outlier_detection?: object;
}

interface Bootstrap {
  static_resources: {
    listeners: { filter_chains: { filters: { typed_config: { access_log: object[] } }[] }[] }[];
    clusters: Cluster[];
  };
}

const port = (address: string): number => Number(address.split(':').at(-1));

/** What `ostiary generate bootstrap` prints, but for a log that goes to clusters of their own. */
function configuration(checks: readonly number[], logs: readonly number[], upstreamPort: number): object {
  const endpoint = (to: number) => ({ kind: 'tcp', host: '127.0.0.1', port: to }) as const;
  const listener = { name: 'in', host: '127.0.0.1', port: 0, normalizePath: true, api: undefined, rawHeaders: true };
  const generated = bootstrap({
    ostiary: checks.map(endpoint),
    timeoutMs: 2000,
    listeners: [listener],
    upstream: { host: '127.0.0.1', port: upstreamPort },
  }) as Bootstrap;
  const { clusters, listeners } = generated.static_resources;
  clusters.push(...logs.map((to, at) => ostiaryCluster(`log-${at}`, endpoint(to)) as Cluster));
  // Each Check goes where it is to go.
  for (const cluster of clusters) {
    delete cluster.health_checks;
    delete cluster.outlier_detection;
  }
  const manager = listeners[0]?.filter_chains[0]?.filters[0]?.typed_config;
  manager?.access_log.push(...logs.map((_, at) => accessLogger(`log-${at}`)));
  return generated;
}

describe.skipIf(!HAS_PARTS)('behind a real Envoy, a log goes to another process than decided', () => {
  let redis: RealRedis;
  let upstream: Upstream;
  const open: { stop(): Promise<unknown> }[] = [];

  beforeAll(async () => {
    [redis, upstream] = await Promise.all([startRedis(), startUpstream()]);
  });
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.stop();
  });
  afterAll(() => Promise.all([redis?.stop(), upstream?.close()]));

  async function serve(...args: string[]): Promise<RealOstiary> {
    const ostiary = await startOstiary({ policies: documentsFolder(shop), args });
    open.push(ostiary);
    return ostiary;
  }

  const replica = (mesh: string): Promise<RealOstiary> => serve('--redis', redis.url, '--redis-prefix', `${mesh}:`);

  async function front(checks: readonly number[], logs: readonly RealOstiary[]): Promise<RealEnvoy> {
    const ports = logs.map(({ listen }) => port(listen));
    const envoy = await startEnvoy(configuration(checks, ports, upstream.port));
    open.push(envoy);
    return envoy;
  }

  async function drive(envoy: RealEnvoy, count: number): Promise<void> {
    const options = [{ headers: credentials('gold') }, {}];
    for (let i = 0; i < count; i++) await send(envoy.port('in'), `/orders/${i}`, options[i % options.length]);
  }

  /** Sums of all processes, without those that are 0. */
  async function sums(replicas: readonly RealOstiary[]): Promise<Record<string, number>> {
    const told: Record<string, number> = {};
    const line = /^ostiary_(\w+)(?:\{(.*)\})? ([1-9]\d*)$/gm;
    for (const { adminUrl } of replicas) {
      const text = await (await fetch(`${adminUrl}/metrics`)).text();
      for (const [, name = '', labels = '', value] of text.matchAll(line)) {
        const what = {
          requests_total: 'requests',
          analytics_open_decisions: 'open',
          checks_total: 'checks',
          access_log_entries_total: /result="(\w+)"/.exec(labels)?.[1],
        }[name];
        if (what !== undefined) told[what] = (told[what] ?? 0) + Number(value);
      }
    }
    return told;
  }

  test('that of another replica: each counts once, and every decision has its entry', async () => {
    const [one, other] = await Promise.all([replica('shop'), replica('shop')]);
    const envoy = await front([port(one.listen), port(other.listen)], [one]);
    await drive(envoy, 60);
    await expect.poll(() => sums([one, other]), PATIENCE).toEqual({ checks: 60, counted: 60, requests: 60 });
    expect((await sums([other]))['checks']).toBeGreaterThan(10);
    expect((await sums([other]))['requests']).toBeUndefined();
  }, 60_000);

  test('both replicas get the whole log: each counts once all the same', async () => {
    const [one, other] = await Promise.all([replica('both'), replica('both')]);
    const envoy = await front([port(one.listen), port(other.listen)], [one, other]);
    await drive(envoy, 60);
    await expect
      .poll(() => sums([one, other]), PATIENCE)
      .toEqual({ checks: 60, counted: 60, requests: 60, repeated: 60 });
  }, 60_000);

  test('ids of another mesh count nothing, though it shares the Redis', async () => {
    const [one, stranger] = await Promise.all([replica('mine'), replica('theirs')]);
    const envoy = await front([port(stranger.listen)], [one]);
    await drive(envoy, 10);
    await expect.poll(() => sums([one]), PATIENCE).toEqual({ foreign: 10 });
    expect(await sums([stranger])).toEqual({ checks: 10, open: 10 });
  }, 60_000);

  test('that of another worker, of a replica among two: each counts once', async () => {
    const [one, other] = await Promise.all([
      serve('--workers', '2', '--redis', redis.url, '--redis-prefix', 'workers:'),
      replica('workers'),
    ]);
    const envoy = await front([port(one.listen), port(other.listen)], [one, one]);
    await drive(envoy, 60);
    await expect
      .poll(() => sums([one, other]), PATIENCE)
      .toEqual({ checks: 60, counted: 60, requests: 60, repeated: 60 });
    expect((await sums([other]))['checks']).toBeGreaterThan(10);
  }, 90_000);

  test('two workers of one replica, without Redis: each counts once', async () => {
    const ostiary = await serve('--workers', '2');
    const envoy = await front([port(ostiary.listen)], [ostiary, ostiary]);
    await drive(envoy, 60);
    await expect.poll(() => sums([ostiary]), PATIENCE).toEqual({ checks: 60, counted: 60, requests: 60, repeated: 60 });
  }, 90_000);

  test('a Check that Envoy repeats is two decisions, of which one has the entry', async () => {
    const [one, other] = await Promise.all([replica('again'), replica('again')]);
    const lossy = await startLossyProxy(port(one.listen));
    open.push(lossy);
    const envoy = await front([lossy.port, port(other.listen)], [one]);
    await drive(envoy, 20);
    expect(lossy.asked()).toBeGreaterThan(4);
    const repeated = lossy.asked();
    await expect
      .poll(() => sums([one, other]), PATIENCE)
      .toEqual({ checks: 20 + repeated, counted: 20, requests: 20, open: repeated });
  }, 60_000);
});

/** Passes Checks on, and says of each that there was no answer. */
async function startLossyProxy(to: number) {
  const client = new RawClient({ kind: 'tcp', host: '127.0.0.1', port: to });
  let asked = 0;
  const lose = async (stream: ServerHttp2Stream, message: Uint8Array): Promise<void> => {
    await client.unary(CHECK_PATH, message);
    asked += 1;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' }, { endStream: true });
  };
  const server = createServer();
  server.on('stream', (stream) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.once('end', () => void lose(stream, Buffer.concat(parts).subarray(5)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    asked: () => asked,
    async stop() {
      client.close();
      server.close();
    },
  };
}
