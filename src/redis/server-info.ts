import type { Redis } from 'ioredis';
import { codeOf, scopeOf, wordsOf } from './server-error.ts';

// A server's own description from INFO. Valkey gives the compatible Redis version in `redis_version`, and its own name
// and version in `server_name` and `valkey_version`.

const OLDEST_MAJOR = 6;

/** What is wrong with a store, and what follows from it. */
export interface Finding {
  readonly level: 'warn' | 'error';
  readonly message: string;
}

/**
 * What is wrong with the kind, the version and the memory of one server.
 * @param prefix of keys that we may look at
 */
export async function findingsAbout(node: Redis, isNodeOfCluster: boolean, prefix: string): Promise<Finding[]> {
  let info: ReadonlyMap<string, string>;
  try {
    info = fieldsOf(`${await node.info('server')}\r\n${await node.info('memory')}`);
  } catch (error) {
    return unknown(error, isNodeOfCluster);
  }
  const mode = info.get('redis_mode') ?? info.get('server_mode');
  if (mode === 'sentinel') {
    return [fault('the address is a Sentinel: name its primary with --redis-sentinel-master')];
  }
  const isAddressedWrongly = mode === 'cluster' && !isNodeOfCluster && (await refersToOthers(node, prefix));
  const wrongKind = isAddressedWrongly
    ? [fault('the address is a node of a Cluster, and it refuses the counters that lie at others: set --redis-cluster')]
    : [];
  return [...wrongKind, ...versionOf(info), ...memoryOf(info)];
}

const KEYS_LOOKED_AT = 16;

/** A node of a Cluster does. A proxy that says it is one, as Envoy's does, finds the others itself. */
async function refersToOthers(node: Redis, prefix: string): Promise<boolean> {
  const keys = Array.from({ length: KEYS_LOOKED_AT }, (_, i) => `${prefix}start-check-${i}`);
  const looked = await Promise.allSettled(keys.map((key) => node.hget(key, 'epoch')));
  return looked.some((each) => each.status === 'rejected' && codeOf(each.reason) === 'MOVED');
}

function versionOf(info: ReadonlyMap<string, string>): Finding[] {
  const version = info.get('redis_version') ?? '0';
  if (isValkey(info) || Number.parseInt(version, 10) >= OLDEST_MAJOR) return [];
  return [
    fault(
      `this is ${nameOf(info)}, and Redis ${OLDEST_MAJOR} or newer or Valkey is needed: counters may be wrong or the scripts refused`,
    ),
  ];
}

function memoryOf(info: ReadonlyMap<string, string>): Finding[] {
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy === 'noeviction') return [];
  const limited = (info.get('maxmemory') ?? '0') !== '0';
  const message = limited
    ? `${nameOf(info)} evicts keys when its memory is full (maxmemory-policy ${policy}): a counter that is evicted starts anew, and its quota is admitted twice. Set noeviction`
    : `${nameOf(info)} would evict keys once maxmemory is set (maxmemory-policy ${policy}), and their quota start anew. Set noeviction`;
  return [{ level: 'warn', message }];
}

function unknown(error: unknown, isNodeOfCluster: boolean): Finding[] {
  const code = codeOf(error);
  // An error that concerns every call is reported as an outage, and the server is checked again after it.
  if (scopeOf(code) === 'server' && !isNodeOfCluster) return [];
  const why = code === 'NOPERM' ? 'the user may not run INFO' : `INFO: ${wordsOf(error)}`;
  const follows = 'a version before 6 may refuse the scripts, and counters that are evicted start anew';
  return [{ level: 'warn', message: `its version and memory policy are not told (${why}): ${follows}` }];
}

function isValkey(info: ReadonlyMap<string, string>): boolean {
  return info.has('valkey_version') || info.get('server_name') === 'valkey';
}

function nameOf(info: ReadonlyMap<string, string>): string {
  return isValkey(info) ? `Valkey ${info.get('valkey_version')}` : `Redis ${info.get('redis_version')}`;
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  const lines = info.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => line.split(':', 2) as [string, string]));
}

function fault(message: string): Finding {
  return { level: 'error', message };
}
