import type { ConnectionOptions } from 'node:tls';
import type { ClusterOptions, RedisOptions as ClientOptions, Redis as RedisNode } from 'ioredis';
import { parseRedisAddress } from './address.ts';
import type { RedisAddress } from './address.ts';
import type { RedisClient } from './client.ts';
import type { RedisOptions, RedisTlsOptions } from './counter-options.ts';
import { presentAnew, readAnew } from './secrets.ts';
import type { Secrets } from './secrets.ts';
import { leadsToReplica } from './server-error.ts';

// ioredis is loaded only where Redis is used: a start with the memory store never pays for it.
//
// The options here switch off features that would send a command twice or late: the offline queue, resending of
// unanswered commands after a connection broke, and the Cluster client's retry after a closed connection. A node that
// answers MOVED, ASK or TRYAGAIN has not run the command, so that is sent again. After a fail-over the old primary
// answers READONLY, in a script too: the client reconnects, but the command is not repeated. The client's own INFO
// check is off, since not every server and proxy supports INFO. RESP2 is enough, and with it a Redis that is too old
// can still report its version.

const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 1000;
/** A connection that ends this soon is not a success: the next delay is longer than the last one. */
const SHORT_LIVED_MS = 3000;

const reconnectDelay = (times: number): number =>
  Math.min(RECONNECT_MIN_MS * 2 ** Math.min(times - 1, 10), RECONNECT_MAX_MS);

const once = {
  protocol: 2,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  // Otherwise the client sends its name to the server, which needs a separate right.
  disableClientInfo: true,
  connectTimeout: 2000,
  // A command or handshake without an answer by then will never get one: the other end may be gone.
  socketTimeout: 2000,
  enableReadyCheck: false,
  reconnectOnError: leadsToReplica,
} as const satisfies ClientOptions;

/**
 * How long to wait before each try of one connection. The client counts tries since its last connection, so it would
 * reconnect without pause to a server that accepts connections and ends them.
 */
export function reconnectPace(monotonic: () => number): () => number {
  let tries = 0;
  let triedAt = -Infinity;
  return () => {
    const now = monotonic();
    tries = now - triedAt < SHORT_LIVED_MS ? tries + 1 : 1;
    const delay = reconnectDelay(tries);
    triedAt = now + delay;
    return delay;
  };
}

const clusterOptions = {
  // Otherwise a command for a node whose connection is still being made is refused.
  enableOfflineQueue: true,
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  clusterRetryStrategy: reconnectDelay,
  slotsRefreshInterval: 5000,
  slotsRefreshTimeout: 1000,
} as const satisfies ClusterOptions;

/**
 * Starts to connect, and retries until it is disconnected.
 * @param monotonic milliseconds
 * @param onFault called if renewed secrets can't be read
 * @throws UserError if an address is none
 */
export async function connectRedis(
  options: RedisOptions,
  monotonic: () => number,
  onFault: (message: string) => void = () => {},
): Promise<RedisClient> {
  const { Cluster, Redis } = await import('ioredis');
  const addresses = options.urls.map((url) => parseRedisAddress(url, options.sentinel === undefined ? 6379 : 26_379));
  const [first = { host: '127.0.0.1', port: 6379, tls: false }] = addresses;
  const secrets = secretsOf(options, first);
  const { renewed } = options;
  const current = renewed && readAnew(secrets, () => secretsOf(renewed(), first), onFault);
  const db = definedOf({ db: options.db ?? first.db });
  if (options.cluster === true) {
    // The client connects to a node at the first command, and the command waits for that.
    const { enableOfflineQueue: _queue, ...ofNodes } = once;
    const redisOptions = { ...ofNodes, ...db, ...secrets };
    const cluster = new Cluster(addresses.map(endpoint), { ...clusterOptions, redisOptions });
    // A connection that ends is replaced by a new one, which is told of before it is made.
    if (current !== undefined) cluster.on('+node', (node: RedisNode) => void presentAnew(node, current));
    return cluster;
  }
  const { sentinel } = options;
  const paced = { ...once, retryStrategy: reconnectPace(monotonic) };
  const client =
    sentinel === undefined
      ? new Redis({ ...paced, ...endpoint(first), ...db, ...secrets })
      : new Redis({
          ...paced,
          // With INFO the client sees whether a Sentinel has named a server that is no longer the primary.
          enableReadyCheck: true,
          ...db,
          ...secrets,
          ...(secrets.tls === undefined ? {} : { enableTLSForSentinelMode: true }),
          sentinels: addresses.map(endpoint),
          name: sentinel.master,
          sentinelRetryStrategy: reconnectDelay,
          sentinelCommandTimeout: 1000,
          failoverDetector: true,
        });
  return current === undefined ? client : presentAnew(client, current);
}

function endpoint({ host, port, path }: RedisAddress): { host?: string; port?: number; path?: string } {
  return definedOf({ host, port, path });
}

function secretsOf(options: RedisOptions, first: RedisAddress): Secrets {
  const { sentinel } = options;
  // With Sentinels, no address is the server's own.
  const address = sentinel === undefined ? first : undefined;
  const tls = tlsOf(options.tls, first.tls);
  return definedOf({
    username: options.username ?? address?.username,
    password: options.password ?? address?.password,
    tls,
    ...(sentinel === undefined
      ? {}
      : { sentinelUsername: sentinel.username, sentinelPassword: sentinel.password, sentinelTLS: tls }),
  });
}

function tlsOf(options: RedisTlsOptions | undefined, asked: boolean): ConnectionOptions | undefined {
  if (options === undefined && !asked) return undefined;
  const { ca, cert, key, serverName } = options ?? {};
  return definedOf({ ca, cert, key, servername: serverName });
}

/** Without the keys that have no value. */
function definedOf<Value extends object>(value: Value): { [Key in keyof Value]?: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as never;
}
