import { randomUUID } from 'node:crypto';
import { systemClock as clock, systemTimers } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import { connectRedis } from '../redis/connect.ts';
import { ReplicaPost } from '../redis/replica-post.ts';
import { codeOf, wordsOf } from '../redis/server-error.ts';
import { AccountValues } from './account-values.ts';
import { counterOptionsOf } from './counter-flags.ts';
import type { MarkStore } from './inheritance.ts';
import { ReplicaSharing } from './replica-sharing.ts';
import type { ServeFlags } from './serve-flags.ts';
import type { SharedAccounts } from './shared-accounts.ts';

const CALL_MS = 1000;
/** Longest that a start waits for Redis. */
const JOIN_MS = 500;
const TRY_AGAIN_MS = 20;

export interface Joined {
  /** The others know of us, or that takes longer. Never rejects. */
  readonly joined: Promise<void>;
  /** Where replicas keep marks of their accounts for each other. */
  readonly marks: MarkStore;
  close(): void;
}

/** Where counters are in Redis, replicas share the accounts of their decisions by it too. */
export function joinReplicas(flags: ServeFlags, accounts: SharedAccounts, log: Log): Joined | undefined {
  const { redis } = counterOptionsOf(flags);
  if (redis === undefined) return undefined;
  const after = (delayMs: number, callback: () => void): (() => void) => systemTimers.after(delayMs, callback);
  const post = new ReplicaPost({
    connect: () => connectRedis(redis, () => clock.monotonic()),
    timeoutMs: CALL_MS,
    after,
  });
  const prefix = `${redis.prefix ?? 'ostiary:'}accounts:`;
  const replica = randomUUID();
  const monotonic = (): number => clock.monotonic();
  const sharing = new ReplicaSharing({
    post,
    prefix,
    replica,
    after,
    monotonic,
    keeperOf: (epoch) => accounts.keeperOf(epoch),
    tell: (trouble) => tellTrouble(log, trouble),
  });
  accounts.join(sharing);
  const joining = async (): Promise<void> => {
    await post.open();
    const until = clock.monotonic() + JOIN_MS;
    while (!post.isReady && clock.monotonic() < until) {
      await new Promise<void>((resolve) => void after(TRY_AGAIN_MS, resolve));
    }
    await Promise.race([sharing.open(), new Promise<void>((resolve) => void after(JOIN_MS, resolve))]);
  };
  return {
    joined: joining(),
    marks: new AccountValues({ post, prefix, self: replica, monotonic }),
    close() {
      sharing.close();
      post.close();
    },
  };
}

/** That Redis is away, the counters tell. */
function tellTrouble(log: Log, trouble: unknown): void {
  if (trouble === undefined || codeOf(trouble) !== 'NOPERM') return;
  const detail = `${wordsOf(trouble)}: entries of Envoy's access log that come to another replica than decided are not counted. The user needs +set +get +rpush +lrange +ltrim +pexpire`;
  log.warn('accounts of decisions are not shared', { detail });
}
