import { afterEach, describe, expect, test } from 'vitest';
import type { RedisOptions } from '../../src/redis/counter-options.ts';
import { decide } from '../analytics/decided.ts';
import { startRedisCluster } from '../mesh/redis-cluster.ts';
import { partOrSkip } from '../real/parts.ts';
import { startRedis } from '../real/redis.ts';
import { openReplica } from './replicas.ts';
import type { SharingReplica } from './replicas.ts';

// The same on the oldest Redis that is supported, on Valkey, and on a Cluster.

const SERVERS = ['redis-server-6.0', 'redis-server-6.2', 'valkey-server-9'] as const;
const HAD = new Set<string>();
for (const server of [...SERVERS, 'redis-server'] as const)
  if ((await partOrSkip(server)) !== undefined) HAD.add(server);

const OPENED: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of OPENED.splice(0).toReversed()) await each.close();
});

async function creditsOnce(redis: RedisOptions): Promise<void> {
  const join = async (): Promise<SharingReplica> => {
    const replica = await openReplica(redis);
    OPENED.push(replica);
    return replica;
  };
  // Their lists and keys lie at several nodes.
  const replicas = await Promise.all(Array.from({ length: 6 }, join));
  for (const { own } of replicas) for (let i = 0; i < 300; i++) decide(own, { api: 'orders' });
  const all = Array.from({ length: 300 }, (_, sequence) => sequence);
  const answers = await Promise.all(
    replicas.flatMap(({ own }) =>
      replicas.filter((other) => other.own !== own).map((other) => other.accounts.claim(own.epoch.number, all)),
    ),
  );
  expect(answers.filter((answer) => answer === 'away')).toEqual([]);
  expect(answers.flat().filter((each) => each === 'counted')).toHaveLength(6 * 300);
  expect(replicas.map(({ own }) => own.ledger.open)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(replicas.flatMap(({ troubles }) => troubles)).toEqual([]);
}

describe('six replicas credit each decision once', () => {
  test.each(SERVERS)('on %s', async (server) => {
    if (!HAD.has(server)) return expect(process.env['CI']).toBeUndefined();
    const redis = await startRedis({ server });
    OPENED.push({ close: () => redis.stop() });
    await creditsOnce({ urls: [redis.url] });
  });

  test.skipIf(!HAD.has('redis-server'))('on a Cluster', async () => {
    const cluster = await startRedisCluster();
    OPENED.push({ close: () => cluster.stop() });
    await creditsOnce({ urls: cluster.urls.split(','), cluster: true });
  });

  test.skipIf(!HAD.has('redis-server'))(
    'as a user that has the documented rights, and says which it lacks',
    async () => {
      const redis = await startRedis();
      OPENED.push({ close: () => redis.stop() });
      const rights = '+set +get +rpush +lrange +ltrim +pexpire +ping';
      await redis.cli('ACL', 'SETUSER', 'ostiary', 'on', '>secret', '~ostiary:*', ...rights.split(' '));
      await creditsOnce({ urls: [redis.url], username: 'ostiary', password: 'secret' });
      await redis.cli('ACL', 'SETUSER', 'ostiary', '-lrange');
      const replica = await openReplica({ urls: [redis.url], username: 'ostiary', password: 'secret' });
      OPENED.push(replica);
      expect(String(replica.troubles[0])).toContain('NOPERM');
    },
  );
});
