import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { documentsFolder } from '../e2e/documents.ts';
import { shop } from '../e2e/shop.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freePort } from '../real/scratch.ts';

// What an operator reads of the store, at the default level: each change once, with its remedy, and no stack.

const redisServer = await partOrSkip('redis-server');
const policies = documentsFolder(shop);
const PATIENCE = { timeout: 15_000, interval: 50 };

function lines(ostiary: { output(): string }): { level: string; msg: string; detail?: string; store?: string }[] {
  const json = ostiary.output().split('\n');
  return json.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as never);
}

const ofStore = (ostiary: { output(): string }) => lines(ostiary).filter(({ msg }) => msg.startsWith('counter store'));
/** Whether the store is there, as the log tells it; findings about it are another matter. */
const said = (ostiary: { output(): string }) =>
  ofStore(ostiary).flatMap(({ msg }) => /^counter store (\w+)$/.exec(msg)?.[1] ?? []);

async function metric(ostiary: RealOstiary, name: string): Promise<number> {
  const text = await (await fetch(`${ostiary.adminUrl}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

describe.skipIf(redisServer === undefined)('a service with its counters in Redis', () => {
  let redis: RealRedis;
  let ostiary: RealOstiary | undefined;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(() => ostiary?.stop());
  afterAll(() => redis?.stop());

  it('tells once that Redis is there, lost and back, and its metrics agree', async () => {
    ostiary = await startOstiary({ policies, args: ['--redis', `redis://user-x:hunter2@127.0.0.1:${redis.port}`] });
    // The default user has no password here: a user that is unknown is refused.
    await expect.poll(() => said(ostiary as RealOstiary), PATIENCE).toEqual(['lost']);
    expect(ofStore(ostiary)[0]).toMatchObject({ level: 'error' });
    expect(ofStore(ostiary)[0]?.detail).toMatch(/WRONGPASS.*--redis-password-file/);
    expect(await metric(ostiary, 'ostiary_store_circuit_open')).toBe(1);
    await redis.cli('ACL', 'SETUSER', 'user-x', 'on', '>hunter2', 'allkeys', 'allchannels', '+@all');
    await expect.poll(() => said(ostiary as RealOstiary), PATIENCE).toEqual(['lost', 'connected']);
    expect(await metric(ostiary, 'ostiary_store_circuit_open')).toBe(0);
    expect(await metric(ostiary, 'ostiary_store_available')).toBe(1);
    await redis.kill();
    await expect.poll(() => said(ostiary as RealOstiary), PATIENCE).toEqual(['lost', 'connected', 'lost']);
    await sleep(1500);
    expect(await metric(ostiary, 'ostiary_store_circuit_open')).toBe(1);
    expect(await metric(ostiary, 'ostiary_store_available')).toBe(0);
    await redis.restart();
    await redis.cli('ACL', 'SETUSER', 'user-x', 'on', '>hunter2', 'allkeys', 'allchannels', '+@all');
    await expect.poll(() => said(ostiary as RealOstiary).at(-1), PATIENCE).toBe('back');
    // Started anew it does not know the user for a moment: another reason, told once too.
    expect(said(ostiary).filter((what) => what === 'lost').length).toBeLessThanOrEqual(3);
    expect(await metric(ostiary, 'ostiary_store_circuit_open')).toBe(0);
    const ready = lines(ostiary).find(({ msg }) => msg === 'ready');
    expect(ready?.store).toBe(`Redis at 127.0.0.1:${redis.port}`);
    expect(ostiary.output()).not.toContain('hunter2');
    expect(ostiary.output()).not.toMatch(/"stack"|policy failed/);
  }, 60_000);

  it('tells a Redis that is silent, and one that is away for too short to know why', async () => {
    ostiary = await startOstiary({ policies, args: ['--redis', redis.url] });
    await expect.poll(() => said(ostiary as RealOstiary), PATIENCE).toEqual(['connected']);
    redis.pause();
    await expect.poll(() => said(ostiary as RealOstiary), PATIENCE).toEqual(['connected', 'lost']);
    expect(ofStore(ostiary)[1]?.detail).toContain('does not answer in time');
    expect(await metric(ostiary, 'ostiary_store_circuit_open')).toBe(1);
    redis.resume();
    await expect.poll(() => said(ostiary as RealOstiary), PATIENCE).toEqual(['connected', 'lost', 'back']);
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    const flicker = ['connected', 'lost', 'back', 'lost', 'back'];
    await expect.poll(() => said(ostiary as RealOstiary), PATIENCE).toEqual(flicker);
  }, 60_000);
});

describe('a service that starts', () => {
  it('without its Redis tells that before the first request, and names it', async () => {
    const port = await freePort();
    const ostiary = await startOstiary({ policies, args: ['--redis', `redis://127.0.0.1:${port}/2`] });
    try {
      await expect.poll(() => said(ostiary), PATIENCE).toEqual(['lost']);
      expect(ofStore(ostiary)[0]?.detail).toMatch(
        new RegExp(`^Redis at 127\\.0\\.0\\.1:${port}/2: .*ECONNREFUSED.*check that Redis runs`),
      );
      expect(await metric(ostiary, 'ostiary_store_circuit_open')).toBe(1);
      await sleep(2500);
      expect(said(ostiary)).toEqual(['lost']);
    } finally {
      await ostiary.stop();
    }
  }, 60_000);

  it('without a Redis says that it counts in memory', async () => {
    const ostiary = await startOstiary({ policies });
    await ostiary.stop();
    expect(lines(ostiary).find(({ msg }) => msg === 'ready')?.store).toBe('memory, of this replica alone');
  });

  it.each([
    [['--redis', 'redis://u:hunter2%@h'], {}, /% that begins no escape/],
    [['--redis-cluster'], {}, /--redis-cluster has no effect without --redis/],
    [[], { OSTIARY_REDIS: '' }, /OSTIARY_REDIS is set and empty/],
  ])('with %j and %j does not', async (args, env, says) => {
    const ostiary = await runOstiary(['serve', '--policies', policies, ...args], env);
    expect(await ostiary.exited).toBe(2);
    expect(ostiary.output()).toMatch(says);
    expect(ostiary.output()).not.toMatch(/^ +at |hunter2/m);
  });
});
