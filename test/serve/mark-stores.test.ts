import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Mark } from '../../src/analytics/mark.ts';
import { systemClock, systemTimers } from '../../src/clock.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { ReplicaPost } from '../../src/redis/replica-post.ts';
import { AccountTable } from '../../src/serve/account-table.ts';
import { AccountValues } from '../../src/serve/account-values.ts';
import type { MarkStore } from '../../src/serve/inheritance.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import { startRedis } from '../real/redis.ts';

const postgresPart = await partOrSkip('postgres');
const redisPart = await partOrSkip('redis-server');

const mark = (epoch: number, given: number): Mark => ({
  epoch,
  key: Buffer.alloc(16).toString('base64'),
  node: 'here',
  teller: '00000001',
  slots: [0],
  madeAtMs: 1,
  given,
  isLast: false,
  spans: [],
});
const epochsOf = (marks: readonly Mark[]): number[] => marks.map(({ epoch }) => epoch);

/** @param silence lets a quarter of a minute pass in which nobody writes */
async function passesOn(open: () => MarkStore, silence: () => Promise<void>): Promise<void> {
  const [owner, heir, third] = [open(), open(), open()];
  const opened = [owner, heir, third];
  expect(await owner.read()).toEqual([]);
  expect(await owner.write(mark(7, 1), true)).toBe('written');
  expect(await owner.write(mark(7, 2), true)).toBe('written');
  expect(await heir.write(mark(8, 1), true)).toBe('written');
  for (const each of opened) expect(await each.orphans()).toEqual([]);
  await silence();
  expect(await heir.write(mark(8, 2), true)).toBe('written');
  // One of those who look takes it, and only once.
  const taken = [await heir.orphans(), await third.orphans(), await heir.orphans()];
  expect(taken.map(epochsOf)).toEqual([[7], [], []]);
  expect(taken[0]?.[0]?.given).toBe(2);
  expect(await heir.write(mark(7, 3), false)).toBe('written');
  // Who was taken for dead lives: it is its own again, and its heir learns it.
  expect(await owner.write(mark(7, 4), true)).toBe('returned');
  expect(await owner.write(mark(7, 5), true)).toBe('written');
  expect(await heir.write(mark(7, 3), false)).toBe('given_back');
  await heir.remove(7);
  expect(await owner.write(mark(7, 6), true)).toBe('written');
  // The heir ends too: a third one goes on with what both had.
  await silence();
  expect(await third.write(mark(9, 1), true)).toBe('written');
  const all = [...(await third.orphans()), ...(await third.orphans())];
  expect(epochsOf(all).toSorted((a, b) => a - b)).toEqual([7, 8]);
  await third.remove(7);
  await Promise.all(opened.map((each) => each.close()));
}

test.skipIf(postgresPart === undefined)('marks in PostgreSQL pass on to one other, and back', async () => {
  const postgres = await startPostgres();
  try {
    const url = await postgres.createDatabase();
    const age = "UPDATE account_mark SET written_at = written_at - interval '16 seconds'";
    await passesOn(
      () => new AccountTable(url, randomUUID()),
      async () => void (await postgres.psql(url, age)),
    );
    expect(await postgres.psql(url, 'SELECT string_agg(epoch::text, $$,$$ ORDER BY epoch) FROM account_mark')).toBe(
      '8,9',
    );
  } finally {
    await postgres.stop();
  }
});

test.skipIf(redisPart === undefined)('marks in Redis pass on to one other, and back', async () => {
  const redis = await startRedis();
  const posts: ReplicaPost[] = [];
  try {
    let ahead = 0;
    const after = (delayMs: number, callback: () => void): (() => void) => systemTimers.after(delayMs, callback);
    const post = new ReplicaPost({
      connect: () => connectRedis({ urls: [redis.url] }, () => systemClock.monotonic()),
      timeoutMs: 2000,
      after,
    });
    posts.push(post);
    await post.open();
    while (!post.isReady) await sleep(10);
    const stores: AccountValues[] = [];
    await passesOn(
      () => {
        const store = new AccountValues({
          post,
          prefix: 'ostiary:accounts:',
          self: randomUUID(),
          monotonic: () => ahead,
        });
        stores.push(store);
        return store;
      },
      async () => {
        for (const store of stores) await store.orphans();
        ahead += 16_000;
        await redis.cli('DEL', 'ostiary:accounts:heir:00000007');
      },
    );
  } finally {
    for (const post of posts) post.close();
    await redis.stop();
  }
});
