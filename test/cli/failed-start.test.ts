import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentsFolder } from '../e2e/documents.ts';
import { shop } from '../e2e/shop.ts';
import { hangs, mountHung, releaseAfterEach } from '../real/hung-mount.ts';
import { runOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { untilReady } from '../real/process.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';

// A start that fails says why and ends, whatever was open by then: a connection to Redis, one that is being made
// again and again, workers, listeners.

const redisServer = await partOrSkip('redis-server');
const folder = scratchFolder('failed-start');
const policies = documentsFolder(shop);
let redis: RealRedis | undefined;
let taken: Server;
beforeAll(async () => {
  if (redisServer !== undefined) redis = await startRedis();
  taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(0, '127.0.0.1', () => resolve());
  });
});
afterAll(async () => {
  taken?.close();
  await redis?.stop();
});

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const inUse = (): string => `127.0.0.1:${(taken.address() as AddressInfo).port}`;
const SPARE = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--api-listen', '127.0.0.1:0'];

/** What can fail: the flags that make it fail, and what the one line says of it. */
const faults: readonly (readonly [what: string, args: () => readonly string[], says: string])[] = [
  [
    'faulty documents',
    () => ['--reload', 'all-or-nothing', '--policies', file('faulty.yaml', 'kind: Nothing\n')],
    'the documents have faults',
  ],
  ['a missing folder', () => ['--policies', '/nowhere/at/all'], '/nowhere/at/all'],
  ['--listen in use', () => ['--listen', inUse()], '--listen 127.0.0.1'],
  ['--admin-listen in use', () => ['--admin-listen', inUse()], '--admin-listen 127.0.0.1'],
  ['--api-listen in use', () => ['--api-listen', inUse()], '--api-listen 127.0.0.1'],
  ['a socket in no folder', () => ['--listen', 'unix:/nowhere/at/all.sock'], '--listen unix:/nowhere/at/all.sock'],
  ['bad TLS', () => ['--tls-cert', file('c.pem', 'x'), '--tls-key', file('k.pem', 'x')], 'c.pem'],
  ['no token file', () => ['--api-token-file', '/nowhere/token'], '/nowhere/token'],
];

async function failsWith(args: readonly string[], says: string): Promise<void> {
  const ostiary = await runOstiary(['serve', '--policies', policies, ...SPARE, ...args]);
  const exit = await Promise.race([ostiary.exited, sleep(40_000, 'it goes on', { ref: false })]);
  if (exit === 'it goes on') await ostiary.kill();
  expect(exit, ostiary.output()).toBe(1);
  const complaint = ostiary
    .output()
    .split('\n')
    .find((line) => line !== '' && !line.startsWith('{'));
  expect(complaint).toMatch(/^ostiary: /);
  expect(ostiary.output()).toContain(says);
  expect(ostiary.output()).not.toMatch(/^ +at /m);
}

describe('a start that fails ends with its fault', () => {
  describe.skipIf(redisServer === undefined)('beside a Redis', () => {
    it.each(faults)('%s', (_, args, says) => failsWith([...args(), '--redis', redis?.url ?? ''], says), 60_000);

    it.each(faults.filter(([what]) => /documents|admin/.test(what)))(
      '%s, with several workers',
      (_, args, says) => failsWith([...args(), '--redis', redis?.url ?? '', '--workers', '2'], says),
      60_000,
    );
  });

  it.each(faults.filter(([what]) => /documents|--listen|TLS/.test(what)))(
    '%s, beside a Redis that is not there',
    async (_, args, says) => failsWith([...args(), '--redis', `redis://127.0.0.1:${await freePort()}`], says),
    60_000,
  );
});

describe.skipIf(mountHung === undefined)('a start that hangs', () => {
  releaseAfterEach();
  it('is ended by the first SIGTERM, after --drain', async () => {
    const hung = scratchFolder('hangs');
    mountHung?.(hung);
    const times = ['--drain', '300ms', '--drain-delay', '0s'];
    const ostiary = await runOstiary([
      'serve',
      '--policies',
      policies,
      ...SPARE,
      ...times,
      '--api-token-file',
      join(hung, 'token'),
    ]);
    await untilReady('a start that hangs', ostiary, async () => hangs(ostiary.pid));
    ostiary.signal('SIGTERM');
    const exit = await Promise.race([ostiary.exited, sleep(15_000, 'it goes on', { ref: false })]);
    if (exit === 'it goes on') await ostiary.kill();
    expect(exit).toBe(null);
    expect(ostiary.output()).toContain('ended by SIGTERM before it was ready');
  }, 60_000);
});
