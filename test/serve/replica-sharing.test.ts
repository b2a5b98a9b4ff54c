import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Accounts } from '../../src/analytics/accounts.ts';
import { drawEpoch } from '../../src/analytics/tags.ts';
import { decide, openAccounts } from '../analytics/decided.ts';
import { partOrSkip } from '../real/parts.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { openReplica } from './replicas.ts';
import type { SharingReplica } from './replicas.ts';

const HAS_REDIS = (await partOrSkip('redis-server')) !== undefined;
const PATIENCE = { timeout: 20_000, interval: 50 };

const ALLOWED = { api: 'orders', client_id: 'gold-id', tier: 'gold', outcome: 'allow' };

function decideSome(accounts: Accounts, count: number): number[] {
  return Array.from({ length: count }, (_, sequence) => {
    decide(accounts, ALLOWED);
    return sequence;
  });
}

describe.skipIf(!HAS_REDIS)('replicas that share a real Redis', () => {
  let redis: RealRedis;
  let made = 0;
  const opened: SharingReplica[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(() => {
    for (const replica of opened.splice(0)) replica.close();
  });
  afterAll(() => redis?.stop());

  async function join(prefix: string, own?: Accounts): Promise<SharingReplica> {
    const replica = await openReplica({ urls: [redis.url], prefix }, own);
    opened.push(replica);
    return replica;
  }
  const mesh = (): string => `mesh-${made++}:`;

  test('know the keys of each other, for some hours, and nobody else does', async () => {
    const prefix = mesh();
    const [one, other, stranger] = [await join(prefix), await join(prefix), await join(mesh())];
    const { number, key } = other.own.epoch;
    expect(await one.accounts.keyOf(number)).toEqual(key);
    expect(await one.accounts.keyOf(drawEpoch().number)).toBeUndefined();
    expect(await stranger.accounts.keyOf(number)).toBeUndefined();
    const ttlMs = Number(await redis.cli('PTTL', `${prefix}epoch:${number.toString(16).padStart(8, '0')}`));
    expect(ttlMs).toBeGreaterThan(5 * 3_600_000);
    expect(ttlMs).toBeLessThanOrEqual(6 * 3_600_000);
  });

  test('credit each decision once, though its entry comes to several at the same time', async () => {
    const prefix = mesh();
    const [owner, one, other] = [await join(prefix), await join(prefix), await join(prefix)];
    const all = decideSome(owner.own, 5000);
    const epoch = owner.own.epoch.number;
    expect(owner.own.claim([0, 1])).toEqual(['counted', 'counted']);
    const answers = await Promise.all([one.accounts.claim(epoch, all), other.accounts.claim(epoch, all.toReversed())]);
    const counted = answers.map((answer) => (answer === 'away' ? [] : answer.filter((each) => each === 'counted')));
    expect(counted.flat()).toHaveLength(4998);
    expect(owner.own.ledger.open).toBe(0);
    // Those that were never given count nothing.
    expect(await one.accounts.claim(epoch, [5000, 2 ** 47])).toEqual(['expired', 'expired']);
  }, 30_000);

  test('while Redis does not answer, nothing waits long, and what came is told when it does', async () => {
    const prefix = mesh();
    const [owner, one] = [await join(prefix), await join(prefix)];
    const [first, ...rest] = decideSome(owner.own, 300);
    const epoch = owner.own.epoch.number;
    expect(await one.accounts.claim(epoch, [first!])).toEqual(['counted']);
    const before = performance.now();
    expect(owner.accounts.isBroken(before - 1000)).toBe(false);
    redis.pause();
    try {
      const answer = await one.accounts.claim(epoch, rest);
      expect(answer === 'away' || answer.every((each) => each === 'counted')).toBe(true);
      await expect.poll(() => owner.accounts.isBroken(before), PATIENCE).toBe(true);
      expect(await one.accounts.keyOf(drawEpoch().number)).toBe('away');
      expect(owner.own.ledger.open).toBe(299);
    } finally {
      redis.resume();
    }
    await expect.poll(() => owner.own.ledger.open, PATIENCE).toBe(0);
    expect(owner.troubles[0]).toBeInstanceOf(Error);
    await expect.poll(() => owner.troubles.at(-1), PATIENCE).toBeUndefined();
    const after = performance.now();
    await expect.poll(() => owner.accounts.isBroken(after + 1), PATIENCE).toBe(false);
    await expect.poll(() => one.accounts.claim(epoch, [0]), PATIENCE).toEqual(['repeated']);
  }, 60_000);

  test('an epoch whose process is gone keeps its key, and its entries count though nobody answers', async () => {
    const prefix = mesh();
    const [owner, one] = [await join(prefix), await join(prefix)];
    decideSome(owner.own, 2);
    owner.close();
    const epoch = owner.own.epoch.number;
    expect(await one.accounts.keyOf(epoch)).toEqual(owner.own.epoch.key);
    expect(await one.accounts.claim(epoch, [0, 1])).toEqual(['counted', 'counted']);
    // Its accounts are kept by another one from now on, who is told.
    const heir = await join(prefix, owner.own);
    await expect.poll(() => heir.own.ledger.open, PATIENCE).toBe(0);
  }, 60_000);

  test('what is no message of theirs does nothing', async () => {
    const prefix = mesh();
    const [owner, one] = [await join(prefix), await join(prefix)];
    decideSome(owner.own, 1);
    const epoch = owner.own.epoch.number;
    const key = `${prefix}epoch:${epoch.toString(16).padStart(8, '0')}`;
    const record = await redis.cli('GET', key);
    const list = `${prefix}post:${(JSON.parse(record) as { replica: string }).replica}`;
    for (const text of ['', '[]', 'null', '{"kind":"claims","id":1}', '{"kind":"claimed","id":7,"credits":5}', '{']) {
      await redis.cli('RPUSH', list, text);
    }
    await redis.cli('RPUSH', list, JSON.stringify({ kind: 'claims', from: 'x', id: 1, epoch, sequences: [-1, 'a'] }));
    expect(await one.accounts.claim(epoch, [0])).toEqual(['counted']);
    await redis.cli('SET', key, 'nothing');
    const third = await join(prefix);
    expect(await third.accounts.keyOf(epoch)).toBeUndefined();
  }, 30_000);

  test('a list that nobody reads does not grow for ever', async () => {
    const prefix = mesh();
    const [owner, one] = [await join(prefix), await join(prefix)];
    decideSome(owner.own, 1);
    const { number: epoch } = owner.own.epoch;
    expect(await one.accounts.keyOf(epoch)).toBeDefined();
    owner.close();
    const record = await redis.cli('GET', `${prefix}epoch:${epoch.toString(16).padStart(8, '0')}`);
    const list = `${prefix}post:${(JSON.parse(record) as { replica: string }).replica}`;
    await redis.cli('EVAL', "for i = 1, 6000 do redis.call('RPUSH', KEYS[1], 'x') end", '1', list);
    const begun = performance.now();
    expect(await one.accounts.claim(epoch, [0])).toEqual(['counted']);
    // It does not wait for an answer.
    expect(performance.now() - begun).toBeLessThan(3500);
    expect(Number(await redis.cli('LLEN', list))).toBe(6001);
    expect(Number(await redis.cli('PTTL', list))).toBeLessThanOrEqual(120_000);
  }, 30_000);
});

test('where no Redis is, nothing is shared', async () => {
  const { noOthers, SharedAccounts } = await import('../../src/serve/shared-accounts.ts');
  const accounts = new SharedAccounts();
  accounts.join(noOthers);
  expect(await accounts.keyOf(openAccounts().epoch.number)).toBe('unshared');
});
