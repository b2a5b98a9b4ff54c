import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../src/quota/store.ts';
import { startRedisCluster } from '../mesh/redis-cluster.ts';
import { startEnvoy } from '../real/envoy.ts';
import { partOrSkip } from '../real/parts.ts';
import { startProcess } from '../real/process.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { freshDemand, untilAvailable } from './behaviour.ts';
import { closeAfterEach, expectEvents, expectToCount, OPEN, PATIENCE, serve, watch } from './watched-store.ts';

// What stands at the address need not be a Redis with all its commands: a proxy without INFO, a node of a Cluster, a
// server of something else. What can be counted by is; of the rest the log says what it is.

closeAfterEach();
const nutcracker = await partOrSkip('nutcracker');
const envoy = await partOrSkip('envoy');

describe('behind a proxy', () => {
  it.skipIf(nutcracker === undefined)('that ends connections at INFO and PUBLISH, quota is counted', async () => {
    const redis = await serve('redis-server');
    const port = await freePort();
    const config = join(scratchFolder('nutcracker'), 'nutcracker.yml');
    const pool = ['listen: 127.0.0.1:' + port, 'redis: true', 'servers:', ` - 127.0.0.1:${redis.port}:1`];
    writeFileSync(config, `pool:\n${pool.map((line) => `  ${line}`).join('\n')}\n`);
    const statsPort = String(await freePort());
    const proxy = await startProcess(nutcracker as string, ['-c', config, '-s', statsPort, '-a', '127.0.0.1']);
    OPEN.push({ close: () => proxy.stop() });
    await expectToBeCounted(port, 'the connection is ended when it is tried');
    expect(Number(await redis.cli('DBSIZE'))).toBeGreaterThan(0);
  });

  it.skipIf(envoy === undefined)('that answers errors to what it does not know, quota is counted', async () => {
    const redis = await serve('redis-server');
    const socketAddress = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });
    const filter = {
      name: 'envoy.filters.network.redis_proxy',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy',
        stat_prefix: 'redis',
        settings: { op_timeout: '5s' },
        prefix_routes: { catch_all_route: { cluster: 'redis' } },
      },
    };
    const endpoint = { lb_endpoints: [{ endpoint: { address: socketAddress(redis.port) } }] };
    const cluster = {
      name: 'redis',
      connect_timeout: '1s',
      load_assignment: { cluster_name: 'redis', endpoints: [endpoint] },
    };
    const listener = { name: 'redis', address: socketAddress(0), filter_chains: [{ filters: [filter] }] };
    const proxy = await startEnvoy({ static_resources: { listeners: [listener], clusters: [cluster] } });
    OPEN.push({ close: () => proxy.stop() });
    await expectToBeCounted(proxy.port('redis'), 'resets by other replicas are not heard');
  });

  async function expectToBeCounted(port: number, finding: string): Promise<void> {
    const watched = watch({ urls: [`redis://127.0.0.1:${port}`] });
    await untilAvailable(watched.store);
    for (let i = 0; i < 20; i += 1) {
      await expectToCount(watched.store);
      await sleep(100);
    }
    await expect
      .poll(() => watched.findings.map(({ message }) => message).join('\n'), PATIENCE)
      .toMatch(new RegExp(finding));
    expect(watched.findings.map(({ message }) => message).join('\n')).not.toMatch(
      /scripts can't run|node of a Cluster/,
    );
    expect(watched.events.map(({ kind }) => kind)).toEqual(['connected']);
  }
});

describe('at the address is', () => {
  it('another kind of server: told, with what to check', async () => {
    const server = createServer((_, response) => response.end('no Redis'));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve());
    });
    OPEN.push({
      close: async () => {
        server.closeAllConnections();
        server.close();
      },
    });
    const watched = watch({ urls: [`redis://127.0.0.1:${(server.address() as AddressInfo).port}`] });
    await expectEvents(watched, 'lost');
    expect(watched.events[0]?.detail).toMatch(/another protocol/);
  });

  it('no node of a Cluster where one is meant: told, with the flag', async () => {
    const redis = await serve('redis-server');
    const watched = watch({ urls: [redis.url], cluster: true });
    await expect.poll(() => watched.events.at(-1)?.detail, PATIENCE).toContain('remove --redis-cluster');
  });

  it('a node of a Cluster: told, as are a Cluster that lost slots and its return', async () => {
    const cluster = await startRedisCluster();
    OPEN.push({ close: () => cluster.stop() });
    const [first] = cluster.nodes;
    const alone = watch({ urls: [first?.url ?? ''] });
    await untilAvailable(alone.store);
    const some = async (store: typeof alone.store) => {
      const takes = Array.from({ length: 12 }, async () =>
        store.take([freshDemand([[1, 60_000]])], performance.now() + 2000),
      );
      return (await Promise.allSettled(takes)).flatMap((taking) =>
        taking.status === 'rejected' ? [taking.reason] : [],
      );
    };
    expect((await some(alone.store)).every((error) => error instanceof StoreUnavailable)).toBe(true);
    await expect.poll(() => alone.events.at(-1)?.detail, PATIENCE).toMatch(/MOVED .*set --redis-cluster/);

    const whole = watch({ urls: cluster.urls.split(','), cluster: true });
    await untilAvailable(whole.store);
    expect(await some(whole.store)).toEqual([]);
    await cluster.nodes.at(-1)?.kill();
    const told = async () => {
      await some(whole.store);
      return whole.events.at(-1)?.detail;
    };
    await expect.poll(told, { timeout: 30_000, interval: 200 }).toMatch(/node of the Cluster|CLUSTERDOWN|Cluster at/);
    expect(whole.events.at(-1)?.kind).toBe('lost');
    expect(whole.isOpen()).toBe(true);
    await cluster.nodes.at(-1)?.restart();
    const back = async () => {
      await some(whole.store);
      return whole.events.at(-1)?.kind;
    };
    await expect.poll(back, { timeout: 30_000, interval: 200 }).toBe('back');
    await expectToCount(whole.store);
  }, 90_000);
});
