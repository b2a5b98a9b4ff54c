import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { realPart } from '../real/parts.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis, RedisServer } from '../real/redis.ts';

/** Three primaries that share the slots. */
export interface RealCluster {
  readonly nodes: readonly RealRedis[];
  /** As `--redis` takes them. */
  readonly urls: string;
  stop(): Promise<void>;
}

/** @throws PartMissing */
export async function startRedisCluster(server: RedisServer = 'redis-server'): Promise<RealCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-node-timeout', '2000'];
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
  const nodes = await Promise.all([0, 1, 2].map(() => startRedis({ server, args: [...args, ...durable] })));
  const cli = await realPart('redis-cli');
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await promisify(execFile)(cli, ['--cluster', 'create', ...addresses, '--cluster-yes'], { timeout: 30_000 });
  for (const node of nodes) {
    while (!(await node.cli('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(50);
  }
  return {
    nodes,
    urls: nodes.map(({ url }) => url).join(','),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}
