import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFlags } from '../../src/flags.ts';
import type { CounterOptions } from '../../src/redis/counter-options.ts';
import { counterFlags, counterOptionsOf, refuseRedisUnnamed } from '../../src/serve/counter-flags.ts';
import { scratchFolder } from '../real/scratch.ts';

function options(...argv: string[]): CounterOptions {
  return counterOptionsOf(parseFlags(counterFlags, argv, {}).values);
}

function file(content: string): string {
  const path = join(scratchFolder('flags'), 'file');
  writeFileSync(path, content);
  return path;
}

describe('the flags of counters', () => {
  it('count in memory unless they name a Redis', () => {
    expect(options()).toEqual({ storeTimeoutMs: 50, quota: 'leased', maxCounters: 200_000 });
  });

  it('name one Redis, or several nodes', () => {
    expect(options('--redis', 'redis://a').redis).toMatchObject({ urls: ['redis://a'], prefix: 'ostiary:' });
    expect(options('--redis', 'a:1, b:2', '--redis-cluster').redis).toMatchObject({
      urls: ['a:1', 'b:2'],
      cluster: true,
    });
  });

  it('read passwords from files, without the line break at their end', () => {
    const argv = ['--redis', 'a', '--redis-username', 'u', '--redis-password-file', file('s3cret\n')];
    expect(options(...argv).redis).toMatchObject({ username: 'u', password: 's3cret' });
  });

  it('name Sentinels', () => {
    const argv = ['--redis', 'a,b', '--redis-sentinel-master', 'main', '--redis-sentinel-password-file', file('p')];
    expect(options(...argv).redis?.sentinel).toEqual({ master: 'main', password: 'p' });
  });

  it('hold TLS files', () => {
    const argv = ['--redis', 'rediss://a', '--redis-tls-ca', file('CA'), '--redis-tls-server-name', 'redis'];
    expect(options(...argv).redis?.tls).toEqual({ ca: 'CA', serverName: 'redis' });
  });

  it.each([
    ['the example of its reference', 'username: u, password: p, DB: 7'],
    ['its other pages', 'user: u, password: p, db: 7'],
  ])('read what a Flex/Omni Gateway has, as %s spells it', (_, fields) => {
    const flex = file(
      'apiVersion: gateway.mulesoft.com/v1alpha1\nkind: Configuration\nmetadata: {name: shared}\nspec:\n' +
        `  sharedStorage:\n    redis: {address: "redis.svc:6379", ${fields}}\n`,
    );
    expect(options('--redis-config', flex).redis).toMatchObject({
      urls: ['redis.svc:6379'],
      username: 'u',
      password: 'p',
      db: 7,
    });
  });

  it.each([
    [['--redis', 'a', '--redis-config', 'f'], 'say the same thing'],
    [['--redis', 'a,b', '--redis-cluster', '--redis-sentinel-master', 'm'], 'exclude each other'],
    [['--redis', 'a,b', '--redis-cluster', '--redis-wait-replicas', '1'], 'has no effect'],
    [['--redis', 'a', '--redis-tls-cert', 'f'], 'given together'],
    [['--redis', 'a', '--redis-password-file', '/no/such/file'], "can't be read (ENOENT)"],
  ])('%j are refused', (argv, message) => {
    expect(() => options(...argv)).toThrow(message);
  });

  it('never repeat a password in an error', () => {
    const broken = file('sharedStorage: {redis: {password: "hunter2\n');
    expect(() => options('--redis-config', broken)).toThrow('is no YAML');
    expect(() => options('--redis-config', broken)).not.toThrow('hunter2');
  });
});

describe('Redis flags without a Redis', () => {
  const refused = (given: readonly string[], environment: Record<string, string> = {}) =>
    refuseRedisUnnamed(new Set(given), environment);

  it.each([
    [['redisPrefix'], {}, '--redis-prefix has no effect without --redis'],
    [['redisCluster'], {}, 'give --redis, or remove it'],
    [[], { OSTIARY_REDIS_PASSWORD_FILE: '/run/secrets/redis' }, 'OSTIARY_REDIS_PASSWORD_FILE has no effect'],
    [[], { OSTIARY_REDIS: '' }, 'OSTIARY_REDIS is set and empty'],
    [[], { OSTIARY_REDIS_CONFIG: '' }, 'unset it to count in memory'],
    [['redisDb'], { OSTIARY_REDIS: '' }, 'by each replica for itself'],
  ])('%j and %j are a fault', (given, environment, says) => {
    expect(() => refused(given, environment)).toThrow(says);
  });

  it('is no fault where one is named, or none is meant', () => {
    refused([]);
    refused(['redis', 'redisPrefix']);
    refused(['redisPrefix'], { OSTIARY_REDIS: 'redis://a' });
    refused(['redis'], { OSTIARY_REDIS: '' });
    refused(['quota'], { OSTIARY_REDIS_USERNAME: '' });
    expect(() => options('--redis', '')).toThrow(/--redis is .*empty/);
  });
});
