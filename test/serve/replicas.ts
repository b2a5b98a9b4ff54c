import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Accounts } from '../../src/analytics/accounts.ts';
import { systemClock, systemTimers } from '../../src/clock.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import type { RedisOptions } from '../../src/redis/counter-options.ts';
import { ReplicaPost } from '../../src/redis/replica-post.ts';
import { ReplicaSharing } from '../../src/serve/replica-sharing.ts';
import { keeperOf, SharedAccounts } from '../../src/serve/shared-accounts.ts';
import { openAccounts } from '../analytics/decided.ts';

/** One replica, with all that it shares accounts by. */
export interface SharingReplica {
  /** Of its own decisions. */
  readonly own: Accounts;
  readonly accounts: SharedAccounts;
  readonly sharing: ReplicaSharing;
  /** What it tells of Redis. */
  readonly troubles: readonly unknown[];
  close(): void;
}

export async function openReplica(redis: RedisOptions, own = openAccounts()): Promise<SharingReplica> {
  const accounts = new SharedAccounts();
  const after = (delayMs: number, callback: () => void): (() => void) => systemTimers.after(delayMs, callback);
  const monotonic = (): number => systemClock.monotonic();
  const post = new ReplicaPost({ connect: () => connectRedis(redis, monotonic), timeoutMs: 1000, after });
  const troubles: unknown[] = [];
  const sharing = new ReplicaSharing({
    post,
    prefix: redis.prefix ?? 'ostiary:',
    replica: randomUUID(),
    after,
    monotonic,
    keeperOf: (epoch) => accounts.keeperOf(epoch),
    tell: (trouble) => troubles.push(trouble),
  });
  accounts.join(sharing);
  accounts.keep(own.epoch.number, keeperOf(own));
  await post.open();
  while (!post.isReady) await sleep(10);
  await sharing.open();
  return {
    own,
    accounts,
    sharing,
    troubles,
    close() {
      sharing.close();
      post.close();
    },
  };
}
