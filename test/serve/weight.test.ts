import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { buildBundle } from '../real/bundle.ts';
import { main } from '../real/ostiary.ts';
import { startProcess, untilReady } from '../real/process.ts';
import type { RealProcess } from '../real/process.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';

const root = join(import.meta.dirname, '../..');
/** A third above what it takes, and below what it took before it was made lighter. */
const MAX_IDLE_MIB = 84;

test('a plain sidecar does not load what it has no use for', async () => {
  const list = join(scratchFolder('loaded'), 'list');
  const preload = join(import.meta.dirname, 'loaded-modules.ts');
  const ostiary = await serve(['--import', preload, main], { LOADED_MODULES: list });
  await ostiary.stop();
  const loaded = readFileSync(list, 'utf8');
  expect(loaded).toContain('/src/http2/transport.ts');
  expect(loaded).toContain('NativeModule http');
  const unused = [
    ...[
      'ioredis',
      'jose',
      'bcryptjs',
      '@connectrpc',
      '@bufbuild',
      '@grpc',
      '@opentelemetry',
      'prom-client/index.js',
    ].map((name) => `/node_modules/${name}`),
    '/gen/',
    '/src/grpc/grpc-js.ts',
    '/src/analytics/access-log.ts',
    '/src/analytics/samples.ts',
    '/src/grpc/reflection-answers.ts',
    '/src/generate/',
    '/src/tracing/',
    '/src/database/',
    '/src/history/',
    '/src/alerts/evaluator.ts',
    '/src/alerts/outbox.ts',
    '/src/sync/',
    '/src/registry/',
    '/src/kubernetes',
    '/src/crd/',
    '/node_modules/@kubernetes',
    '/src/serve/control-documents.ts',
    '/node_modules/kysely',
    '/node_modules/pg',
    'NativeModule sqlite\n',
    'NativeModule tls\n',
    'NativeModule http2\n',
    'NativeModule https\n',
    'NativeModule internal/deps/undici/undici\n',
  ];
  expect(unused.filter((part) => loaded.includes(part))).toEqual([]);
}, 60_000);

test('the bundle of a plain sidecar loads nothing of databases and clusters', async () => {
  const list = join(scratchFolder('loaded'), 'list');
  const preload = join(import.meta.dirname, 'loaded-modules.ts');
  const bundle = buildBundle();
  const ostiary = await serve(['--import', preload, bundle], { LOADED_MODULES: list });
  await ostiary.stop();
  const loaded = readFileSync(list, 'utf8');
  const own = pathToFileURL(dirname(bundle)).href;
  const chunks = loaded.split('\n').filter((url) => url.startsWith(own));
  expect(chunks.length).toBeGreaterThan(1);
  const foreign = /node:sqlite|Kysely|pg-pool|coordination\.k8s\.io|allowWatchBookmarks|ExecAuth/;
  expect(chunks.filter((url) => foreign.test(readFileSync(new URL(url), 'utf8')))).toEqual([]);
  expect(loaded).not.toContain('NativeModule sqlite\n');
}, 60_000);

test('the bundle keeps a history, with the program of the thread that has the database', async () => {
  const folder = join(scratchFolder('data'), 'history');
  const ostiary = await serve([buildBundle()], {}, ['--data-dir', folder]);
  await ostiary.stop();
  expect(ostiary.output()).not.toContain('error');
  expect(statSync(join(folder, 'analytics.db')).size).toBeGreaterThan(0);
}, 60_000);

test('the bundle idles in little memory', async () => {
  const ostiary = await serve([buildBundle()]);
  let idleMib = Infinity;
  // It gives back what the start has left as soon as it has nothing to do, which on a busy machine may be late.
  for (let look = 0; look < 20 && idleMib > MAX_IDLE_MIB; look++) {
    await sleep(500);
    idleMib = residentMib(ostiary);
  }
  await ostiary.stop();
  expect(idleMib).toBeLessThanOrEqual(MAX_IDLE_MIB);
}, 60_000);

test('the bundle has the program of the thread that hashes passwords', () => {
  const folder = scratchFolder('policies');
  const passwordHash = '$$2y$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.';
  const policy = {
    policyRef: { name: 'http-basic-authentication' },
    config: { users: [{ username: 'ann', passwordHash }] },
  };
  const api = {
    apiVersion: 'ostiary.dev/v1alpha1',
    kind: 'Api',
    metadata: { name: 'a' },
    spec: { policies: [policy] },
  };
  writeFileSync(join(folder, 'a.json'), JSON.stringify(api));
  const check = (password: string) => {
    const header = `authorization: Basic ${btoa(`ann:${password}`)}`;
    return spawnSync(process.execPath, [buildBundle(), 'check', '--policies', folder, '--header', header]).status;
  };
  expect([check('hunter2'), check('hunter3')]).toEqual([0, 1]);
}, 60_000);

async function serve(
  node: readonly string[],
  env: NodeJS.ProcessEnv = {},
  more: readonly string[] = [],
): Promise<RealProcess> {
  const admin = `127.0.0.1:${await freePort()}`;
  const ports = ['--listen', `127.0.0.1:${await freePort()}`, '--api-listen', `127.0.0.1:${await freePort()}`];
  const flags = ['--policies', join(root, 'policies'), '--admin-listen', admin, ...ports, '--drain-delay', '0s'];
  const ostiary = await startProcess(process.execPath, [...node, 'serve', ...flags, ...more], {
    env: { ...process.env, ...env },
  });
  await untilReady('ostiary', ostiary, async () => (await fetch(`http://${admin}/readyz`)).ok);
  return ostiary;
}

function residentMib({ pid }: RealProcess): number {
  return Number(/^Rss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1024;
}
