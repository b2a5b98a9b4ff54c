import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { CounterStore } from '../../src/quota/store.ts';
import { parseRedisAddress } from '../../src/redis/address.ts';
import type { CounterOptions, RedisOptions } from '../../src/redis/counter-options.ts';
import type { Finding } from '../../src/redis/server-info.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { makeCertificates } from '../real/certificates.ts';
import { startRedis } from '../real/redis.ts';
import { freePort } from '../real/scratch.ts';
import { freshDemand, untilAvailable } from './behaviour.ts';

const OPEN: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const store of OPEN.splice(0).toReversed()) await store.close();
});

function joinRedis(redis: RedisOptions, findings: Finding[] = [], more: Partial<CounterOptions> = {}): CounterStore {
  const report = (finding: Finding): void => void findings.push(finding);
  const store = createCounterStore({ storeTimeoutMs: 500, redis, ...more }, { clock: systemClock, report });
  OPEN.push(store);
  return store;
}

async function serve(...args: string[]) {
  const redis = await startRedis({ args });
  OPEN.push({ close: () => redis.stop() });
  return redis;
}

async function counts(store: CounterStore): Promise<void> {
  const demand = freshDemand([[1, 60_000]]);
  await untilAvailable(store);
  expect((await store.take([demand], performance.now() + 1000)).granted).toBe(true);
  expect((await store.take([demand], performance.now() + 1000)).granted).toBe(false);
}

describe('a Redis address', () => {
  it.each([
    ['redis://h', { host: 'h', port: 6379, tls: false }],
    ['rediss://h:1/2', { host: 'h', port: 1, db: 2, tls: true }],
    ['redis://u:p%40ss@h', { host: 'h', port: 6379, username: 'u', password: 'p@ss', tls: false }],
    ['redis://[::1]:7', { host: '::1', port: 7, tls: false }],
    ['unix:/run/redis.sock', { path: '/run/redis.sock', tls: false }],
    ['redis.shop.svc:6380', { host: 'redis.shop.svc', port: 6380, tls: false }],
  ])('%s is understood', (text, address) => {
    expect(parseRedisAddress(text)).toEqual(address);
  });

  it.each(['redis://u:hunter2%@h', 'redis://hunter2%zz:p@h'])('%s says how a %% is written', (text) => {
    expect(() => parseRedisAddress(text)).toThrow('write it as %25, or give the password by --redis-password-file');
    expect(() => parseRedisAddress(text)).not.toThrow('hunter2');
  });

  it.each(['http://u:hunter2@h', 'redis://', 'redis://u:hunter2@h/x', 'redis://h:99999'])(
    '%s is refused, and never repeated',
    (text) => {
      expect(() => parseRedisAddress(text)).toThrow();
      expect(() => parseRedisAddress(text)).not.toThrow('hunter2');
    },
  );
});

describe('Redis is reached', () => {
  it('by a Unix socket', async () => {
    const { socketPath } = await serve();
    await counts(joinRedis({ urls: [`unix:${socketPath}`] }));
  });

  it('in another database', async () => {
    const redis = await serve();
    await counts(joinRedis({ urls: [`${redis.url}/3`] }));
    expect(await redis.cli('-n', '3', 'DBSIZE')).not.toBe('0');
  });

  it.each(['pexpire', 'publish', 'hsetnx', 'zadd', 'hincrby'])(
    'and a user without %s is told at start',
    async (right) => {
      const redis = await serve();
      await redis.cli('ACL', 'SETUSER', 'half', 'on', '>p', '~*', '&*', '+@all', `-${right}`);
      const findings: Finding[] = [];
      const store = joinRedis({ urls: [redis.url], username: 'half', password: 'p', prefix: 'h:' }, findings);
      await expect.poll(() => findings.map(({ level }) => level), { timeout: 5000 }).toEqual(['error']);
      await untilAvailable(store);
      await Promise.resolve(store.take([freshDemand([[3, 60_000]])], performance.now() + 500)).catch(() => {});
      const keys = (await redis.cli('KEYS', '*')).split('\n').filter((key) => key !== '');
      for (const key of keys) expect(await redis.cli('PTTL', key), key).not.toBe('-1');
    },
  );

  it('as an ACL user with just the rights that the start check names', async () => {
    const redis = await serve();
    const findings: Finding[] = [];
    await redis.cli('ACL', 'SETUSER', 'ostiary', 'on', '>s3cret', '+ping');
    const poor = joinRedis({ urls: [redis.url], username: 'ostiary', password: 's3cret' }, findings);
    await expect
      .poll(() => findings.find(({ level }) => level === 'error')?.message)
      .toContain('The user needs ~ostiary:*');
    await poor.close();
    const { message } = findings.find(({ level }) => level === 'error') as Finding;
    const rights = message.slice(message.indexOf('needs ') + 'needs '.length).split(' ');
    await redis.cli('ACL', 'SETUSER', 'ostiary', 'reset', 'on', '>s3cret', ...rights);
    await redis.cli('ACL', 'LOG', 'RESET');
    const told: Finding[] = [];
    const rich = joinRedis({ urls: [redis.url], username: 'ostiary', password: 's3cret' }, told);
    await counts(rich);
    expect(await rich.reset([freshDemand([[1, 1]])], performance.now() + 1000)).toBe(0);
    await rich.close();
    expect(told).toEqual([]);
    expect(await redis.cli('ACL', 'LOG')).toBe('');
  });

  it('by TLS with a client certificate, and not without', async () => {
    const tls = await makeCertificates();
    const port = await freePort();
    const files = ['--tls-cert-file', tls.file('server.crt'), '--tls-key-file', tls.file('server.key')];
    const clients = ['--tls-ca-cert-file', tls.file('ca.crt'), '--tls-auth-clients', 'yes'];
    await serve('--tls-port', String(port), ...files, ...clients);
    const urls = [`rediss://127.0.0.1:${port}`];
    const trust = { ca: tls.text('ca.crt'), serverName: 'redis.test' };
    await counts(joinRedis({ urls, tls: { ...trust, cert: tls.text('client.crt'), key: tls.text('client.key') } }));
    const without = joinRedis({ urls, tls: trust });
    const strange = joinRedis({ urls, tls: { serverName: 'redis.test' } });
    const misnamed = joinRedis({ urls, tls: { ...trust, serverName: 'other.test' } });
    await expect.poll(() => misnamed.health().detail, { timeout: 5000 }).toContain('other.test');
    await expect.poll(() => strange.health().detail, { timeout: 5000 }).toContain('certificate');
    await sleep(200);
    expect([without, strange, misnamed].map((store) => store.health().available)).toEqual([false, false, false]);
  });
});

describe('a lease that replicas of Redis must have', () => {
  it('is granted where one has it, and not where none answers', async () => {
    const redis = await serve();
    const replica = await serve('--replicaof', `127.0.0.1 ${redis.port}`);
    await expect.poll(() => replica.cli('INFO', 'replication'), { timeout: 15_000 }).toContain('master_link_status:up');
    const store = joinRedis({ urls: [redis.url], waitReplicas: 1 }, [], { storeTimeoutMs: 2000 });
    await counts(store);
    replica.pause();
    const take = async () => store.take([freshDemand([[10, 60_000]])], performance.now() + 6000);
    await expect(take()).rejects.toThrow('0 of 1 replicas of Redis have the lease');
    // A hurried Check has its answer in its own time, and so have those that wait behind it.
    const hurried = Array.from({ length: 5 }, async () => {
      const deadline = performance.now() + 2000;
      await expect(Promise.resolve().then(() => store.take([freshDemand([[10, 60_000]])], deadline))).rejects.toThrow(
        StoreUnavailable,
      );
      expect(performance.now()).toBeLessThan(deadline);
    });
    await Promise.all(hurried);
    replica.resume();
    await expect.poll(async () => (await take().catch(() => undefined))?.granted, { timeout: 15_000 }).toBe(true);
  });
});

describe('the checks at start', () => {
  it('warn of a Redis that evicts counters, and say what follows', async () => {
    const { url } = await serve('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru');
    const findings: Finding[] = [];
    await untilAvailable(joinRedis({ urls: [url] }, findings));
    await expect.poll(() => findings.length).toBe(1);
    expect(findings[0]).toMatchObject({ level: 'warn' });
    expect(findings[0]?.message).toContain('a counter that is evicted starts anew');
  });

  it('say nothing of a Redis that is as it should be', async () => {
    const { url } = await serve();
    const findings: Finding[] = [];
    await counts(joinRedis({ urls: [url] }, findings));
    await sleep(100);
    expect(findings).toEqual([]);
  });
});

describe('a Redis that is full', () => {
  it('makes new decisions store failures, and none of them an admission', async () => {
    const redis = await serve('--maxmemory', '1mb', '--maxmemory-policy', 'noeviction');
    const store = joinRedis({ urls: [redis.url] });
    let admissions = 0;
    const refusal = async (): Promise<string> => {
      try {
        await store.take([freshDemand([[1, 60_000]])], performance.now() + 1000);
      } catch (error) {
        return (error as Error).message;
      }
      admissions += 1;
      return 'none';
    };
    // Not once it is available: its heartbeat may find the memory full before us, and that is an outage.
    await expect.poll(refusal, { timeout: 10_000 }).toContain('OOM');
    expect(await refusal()).toContain('OOM');
    expect(admissions).toBe(0);
  });
});
