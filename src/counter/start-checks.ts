import type { Redis } from 'ioredis';
import { chargeDebtCall, giveBackCall } from './lease-calls.ts';
import { HEARTBEAT } from './lease-scripts.ts';
import { keyOf, shaOf, takeCall } from './script-call.ts';
import type { KeyPrefix } from './script-call.ts';
import type { RedisClient } from './redis-link.ts';
import { RESET } from './scripts.ts';

/** What is wrong with a store, and what follows from it. */
export interface Finding {
  readonly level: 'warn' | 'error';
  readonly message: string;
}

const OLDEST_MAJOR = 6;
const CHECK_MS = 1000;

/** Looks at a Redis once a connection is there. Every finding says what follows from it. */
export async function checkRedis(client: RedisClient, prefix: KeyPrefix, channel: string): Promise<readonly Finding[]> {
  const nodes = client.isCluster ? (client as Exclude<RedisClient, Redis>).nodes('master') : [client as Redis];
  const found = await Promise.all(nodes.map((node) => Promise.all([checkServer(node), checkMemory(node)])));
  return [...found.flat(2), ...(await checkScripts(client, prefix, channel))].filter(
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

/** Runs every script, by its hash too, on counters of its own that live for a second, and publishes. */
async function checkScripts(client: RedisClient, prefix: KeyPrefix, channel: string): Promise<Finding[]> {
  const demand = {
    slot: 'start-check',
    key: `start-check-${crypto.randomUUID()}`,
    limits: [{ maximumRequests: 9, timePeriodInMilliseconds: CHECK_MS }],
    cost: 1,
  };
  const demands = [demand];
  const now = { mono: 0, wall: 0 };
  const debt = { name: '', demands, windows: [[{ units: 1, endMono: CHECK_MS }]] };
  const nothing = { units: 0, epochs: [], windows: [], asked: now };
  const key = keyOf(prefix, demand);
  const calls = [
    takeCall(prefix, demands, [1], { want: 1, least: 1, need: 1, share: 1 }, 0),
    giveBackCall(prefix, demands, { ...nothing, units: 1 }),
    chargeDebtCall(prefix, debt, now),
    { script: RESET, keys: [key], args: [] },
    { script: HEARTBEAT, keys: [`${key}-replicas`], args: ['check', CHECK_MS * 1000, 1] },
    { script: HEARTBEAT, keys: [`${key}-replicas`], args: ['check', CHECK_MS * 1000, 0] },
  ];
  try {
    for (const { script, keys, args } of calls) {
      await client.eval(script.lua, keys.length, ...keys, ...args);
      await client.evalsha(shaOf(script), keys.length, ...keys, ...args);
    }
    // Replicas skip a message that names no counter.
    await client.publish(channel, '');
    return [];
  } catch (error) {
    const { message } = error as Error;
    if (!/^(NOPERM|ERR|WRONGTYPE)/.test(message)) return [];
    const rights = `~${prefix.text}* &${prefix.text}* +evalsha +eval +hmget +hget +hgetall +hset +hsetnx +hdel +hincrby +exists +time +pttl +pexpire +zadd +zrem +zremrangebyscore +zcard +publish +subscribe +ping +info`;
    return [
      {
        level: 'error',
        message: `the scripts can't run, so decisions are store failures: ${message}. The user needs ${rights}`,
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
