import type { RedisOptions as ClientOptions } from 'ioredis';
import type { RedisOptions } from './options.ts';
import type { RedisClient } from './redis-link.ts';

// ioredis is loaded only where Redis is used: a start with the memory store never pays for it.
//
// What is switched off here would send a command twice or late: the queue for commands while there is no
// connection, sending again what was unanswered when a connection broke, and the Cluster client's retry after
// a closed connection. RESP2 is enough, and lets a Redis that is too old say so by its version.

const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 1000;

/** Starts to connect, and goes on until it is disconnected. */
export async function connectRedis(options: RedisOptions): Promise<RedisClient> {
  const { Redis } = await import('ioredis');
  const url = new URL(options.urls[0] ?? 'redis://127.0.0.1:6379');
  return new Redis({ ...clientOptions, host: url.hostname, port: Number(url.port || 6379) });
}

const clientOptions = {
  protocol: 2,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 2000,
  retryStrategy: (times: number) => Math.min(RECONNECT_MIN_MS * 2 ** Math.min(times - 1, 10), RECONNECT_MAX_MS),
} as const satisfies ClientOptions;
