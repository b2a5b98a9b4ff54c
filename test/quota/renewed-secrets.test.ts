import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { parseFlags } from '../../src/flags.ts';
import type { CounterStore } from '../../src/quota/store.ts';
import type { Finding } from '../../src/redis/server-info.ts';
import { counterFlags, counterOptionsOf } from '../../src/serve/counter-flags.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedisCluster } from '../mesh/redis-cluster.ts';
import { makeCertificates } from '../real/certificates.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { freshDemand, untilAvailable } from './behaviour.ts';

// Passwords and certificates are renewed while the service runs: each new connection has those of the moment.

const OPEN: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of OPEN.splice(0).toReversed()) await each.close();
});

/** A store that has its secrets from files, as the service has. */
async function openStore(findings: Finding[], ...argv: string[]): Promise<CounterStore> {
  const options = counterOptionsOf(parseFlags(counterFlags, [...argv, '--store-timeout', '500ms'], {}).values);
  const report = (finding: Finding): void => void findings.push(finding);
  const store = createCounterStore(options, { clock: systemClock, report });
  OPEN.push(store);
  return untilAvailable(store);
}

async function grants(store: CounterStore): Promise<boolean> {
  const taking = async () => store.take([freshDemand([[1, 60_000]])], performance.now() + 2000);
  return taking().then(
    ({ granted }) => granted,
    () => false,
  );
}

/** Ends every connection but this command's own. */
async function cutAll(redis: RealRedis): Promise<void> {
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal');
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
}

describe('the next connection to Redis', () => {
  it('has the authority, the client certificate and the password that the files hold by then', async () => {
    const [before, after] = [await makeCertificates(), await makeCertificates()];
    const port = await freePort();
    const redis = await startRedis({
      args: [
        '--tls-port',
        String(port),
        '--tls-ca-cert-file',
        before.file('ca.crt'),
        '--tls-auth-clients',
        'yes',
        '--tls-cert-file',
        before.file('server.crt'),
        '--tls-key-file',
        before.file('server.key'),
      ],
    });
    OPEN.push({ close: () => redis.stop() });
    await redis.cli('ACL', 'SETUSER', 'shop', 'on', '>first', '~*', '&*', '+@all');
    const folder = scratchFolder('secrets');
    const path = (name: string): string => join(folder, name);
    for (const name of ['ca.crt', 'client.crt', 'client.key']) copyFileSync(before.file(name), path(name));
    writeFileSync(path('password'), 'first');
    const findings: Finding[] = [];
    const store = await openStore(
      findings,
      '--redis',
      `rediss://127.0.0.1:${port}`,
      '--redis-tls-server-name',
      'redis.test',
      '--redis-username',
      'shop',
      '--redis-password-file',
      path('password'),

      '--redis-tls-ca',
      path('ca.crt'),
      '--redis-tls-cert',
      path('client.crt'),
      '--redis-tls-key',
      path('client.key'),
    );
    expect(await grants(store)).toBe(true);

    await redis.cli('ACL', 'SETUSER', 'shop', 'resetpass', '>second');
    await redis.cli(
      'CONFIG',
      'SET',
      'tls-cert-file',
      after.file('server.crt'),
      'tls-key-file',
      after.file('server.key'),
      'tls-ca-cert-file',
      after.file('ca.crt'),
    );
    await cutAll(redis);
    await expect.poll(() => store.health().detail, { timeout: 5000 }).toContain('certificate');
    expect(await grants(store)).toBe(false);

    // One file after the other, as tools write them: what does not belong together is not used, and is told.
    copyFileSync(after.file('ca.crt'), path('ca.crt'));
    copyFileSync(after.file('client.crt'), path('client.crt'));
    await expect
      .poll(() => findings.map(({ message }) => message).join(), { timeout: 5000 })
      .toContain('--redis-tls-key');
    copyFileSync(after.file('client.key'), path('client.key'));
    await expect.poll(() => store.health().detail, { timeout: 5000 }).toContain('WRONGPASS');
    writeFileSync(path('password'), 'second\n');

    await untilAvailable(store);
    expect(await grants(store)).toBe(true);
    // Resets are heard again, too.
    await expect.poll(() => redis.cli('PUBSUB', 'NUMSUB', 'ostiary:resets'), { timeout: 5000 }).toMatch(/1$/);
    expect(findings.every(({ message }) => !/first|second/.test(message))).toBe(true);
  });

  it('has the password of the moment at every node of a Cluster', { timeout: 60_000 }, async () => {
    const cluster = await startRedisCluster();
    OPEN.push({ close: () => cluster.stop() });
    const everywhere = async (...command: string[]): Promise<void> => {
      for (const node of cluster.nodes) await node.cli(...command);
    };
    await everywhere('ACL', 'SETUSER', 'shop', 'on', '>first', '~*', '&*', '+@all');
    const password = join(scratchFolder('secrets'), 'password');
    writeFileSync(password, 'first');
    const argv = [
      '--redis',
      cluster.urls,
      '--redis-cluster',
      '--redis-username',
      'shop',
      '--redis-password-file',
      password,
    ];
    const store = await openStore([], ...argv);
    await everywhere('ACL', 'SETUSER', 'shop', 'resetpass', '>second');
    writeFileSync(password, 'second');
    await Promise.all(cluster.nodes.map(cutAll));
    await sleep(100);
    await untilAvailable(store);
    for (let i = 0; i < 10; i += 1) await expect.poll(() => grants(store), { timeout: 5000 }).toBe(true);
    // With the old password the client could not ask any more which node has which slots.
    await everywhere('ACL', 'LOG', 'RESET');
    await sleep(6000);
    for (const node of cluster.nodes) expect(await node.cli('ACL', 'LOG')).not.toContain('auth');
    expect(await grants(store)).toBe(true);
  });
});
