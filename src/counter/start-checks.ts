import type { Redis } from 'ioredis';
import { shaOf, takeCall } from './script-call.ts';
import type { KeyPrefix } from './script-call.ts';
import type { RedisClient } from './redis-link.ts';

/** What is wrong with a store, and what follows from it. */
export interface Finding {
  readonly level: 'warn' | 'error';
  readonly message: string;
}

const OLDEST_MAJOR = 6;

/** Looks at a Redis once a connection is there. Every finding says what follows from it. */
export async function checkRedis(client: RedisClient, prefix: KeyPrefix): Promise<readonly Finding[]> {
  const nodes = client.isCluster ? (client as Exclude<RedisClient, Redis>).nodes('master') : [client as Redis];
  const found = await Promise.all(nodes.map((node) => Promise.all([checkServer(node), checkMemory(node)])));
  return [...found.flat(2), ...(await checkScripts(client, prefix))].filter(
    (finding, i, all) => all.findIndex(({ message }) => message === finding.message) === i,
  );
}

async function checkServer(node: Redis): Promise<Finding[]> {
  const info = await infoOf(node, 'server');
  if (info === undefined) return [unknown('its version', 'a Redis before 6 may refuse the scripts')];
  const version = info.get('valkey_version') ?? info.get('redis_version') ?? '0';
  if (info.get('redis_mode') === 'sentinel') {
    return [{ level: 'error', message: 'the address is a Sentinel: name its primary with --redis-sentinel-master' }];
  }
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return [];
  const message = `Redis is ${version}, and 6 or newer is needed: counters may be wrong or the scripts refused`;
  return [{ level: 'error', message }];
}

async function checkMemory(node: Redis): Promise<Finding[]> {
  const info = await infoOf(node, 'memory');
  if (info === undefined) return [unknown('its memory policy', 'if it evicts keys, their quota starts anew')];
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy === 'noeviction') return [];
  const limited = (info.get('maxmemory') ?? '0') !== '0';
  const message = limited
    ? `Redis evicts keys when its memory is full (maxmemory-policy ${policy}): a counter that is evicted starts anew, and its quota is admitted twice. Set noeviction`
    : `Redis would evict keys once maxmemory is set (maxmemory-policy ${policy}), and their quota start anew. Set noeviction`;
  return [{ level: 'warn', message }];
}

/** Asks for nothing, with the very script that decides. */
async function checkScripts(client: RedisClient, prefix: KeyPrefix): Promise<Finding[]> {
  const demand = {
    slot: 'start-check',
    key: '',
    limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }],
    cost: 1,
  };
  const { script, keys, args } = takeCall(prefix, [demand], [1], { want: 0, least: 1, need: 0, share: 1 }, 0);
  try {
    await client.eval(script.lua, keys.length, ...keys, ...args);
    await client.evalsha(shaOf(script), keys.length, ...keys, ...args);
    return [];
  } catch (error) {
    const { message } = error as Error;
    if (!/^(NOPERM|ERR|WRONGTYPE)/.test(message)) return [];
    const rights = `~${prefix.text}* &${prefix.text}* +evalsha +eval +hmget +hget +hgetall +hset +hsetnx +hdel +hincrby +exists +time +pttl +pexpire +zadd +zrem +zremrangebyscore +zcard +publish +subscribe +ping +info`;
    return [
      {
        level: 'error',
        message: `the scripts can't run, so every decision is a store failure: ${message}. The user needs ${rights}`,
      },
    ];
  }
}

async function infoOf(node: Redis, section: string): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const lines = (await node.info(section)).split('\r\n');
    return new Map(lines.map((line) => line.split(':', 2) as [string, string]).filter(({ length }) => length === 2));
  } catch {
    return undefined;
  }
}

function unknown(what: string, follows: string): Finding {
  return { level: 'warn', message: `Redis does not tell ${what} (the user may not run INFO): ${follows}` };
}
