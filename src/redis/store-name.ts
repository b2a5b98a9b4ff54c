import { parseRedisAddress, placeOf } from './address.ts';
import type { CounterOptions } from './counter-options.ts';

/**
 * Where quota is counted, for logs: never with a user or a password.
 * @throws UserError if an address is none
 */
export function storeName({ redis }: CounterOptions): string {
  if (redis === undefined) return 'memory, of this replica alone';
  const { urls, sentinel, cluster } = redis;
  const db = redis.db === undefined ? {} : { db: redis.db };
  const places = urls.map((url) => {
    const address = parseRedisAddress(url, sentinel === undefined ? 6379 : 26_379);
    return placeOf(sentinel === undefined ? { ...address, ...db } : { ...address, db: 0 });
  });
  const place = places.join(', ');
  if (cluster === true) return `Redis Cluster at ${place}`;
  return sentinel === undefined ? `Redis at ${place}` : `Redis ${sentinel.master} of the Sentinels at ${place}`;
}
