import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemTimers as timers } from '../../src/clock.ts';
import { connectTo } from '../../src/kubernetes/connection.ts';
import type { Cluster } from '../../src/kubernetes/connection.ts';
import { LEASES } from '../../src/kubernetes/resource-type.ts';
import { typeOfKind } from '../../src/kubernetes-control/objects.ts';
import { runMain } from '../cli/run-main.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { RealKubernetes } from '../real/kubernetes.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { untilReady } from '../real/process.ts';
import { scratchFolder } from '../real/scratch.ts';
import { createNamespaces, installDefinitions, object, put, told } from './fixture.ts';

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver')];

describe.skipIf(parts.includes(undefined))('two control planes of one cluster', () => {
  const folder = scratchFolder('competing');
  let kubernetes: RealKubernetes;
  let cluster: Cluster;
  let one: RealControlPlane;
  let two: RealControlPlane;
  let sidecar: RealOstiary;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    cluster = await connectTo({ file: kubernetes.kubeconfig }, { timers, environment: {}, userAgent: 'ostiary/test' });
    await installDefinitions(cluster);
    await createNamespaces(cluster, 'shop');
    const start = (name: string) => {
      const args = ['--kubernetes', '--kubeconfig', kubernetes.kubeconfig, '--cluster-name', 'east'];
      return startControlPlane(join(folder, name), undefined, { args });
    };
    one = await start('one');
    await untilReady('the first', one, async () => one.output().includes('"this process leads"'));
    // A log of its own, and no sidecars: what it says differs, where it says anything.
    two = await start('two');
    const token = join(folder, 'join-token');
    writeFileSync(token, (await runMain(['token', 'create', '--sidecar'], one.env)).stdout);
    mkdirSync(join(folder, 'none'));
    const following = ['--control', one.url, '--control-token-file', token, '--cache-dir', join(folder, 'cache')];
    sidecar = await startOstiary({ policies: join(folder, 'none'), args: following });
  }, 300_000);
  afterAll(async () => {
    one?.resume();
    await Promise.all([sidecar?.stop(), one?.stop(), two?.stop()]);
    cluster?.close();
    await kubernetes?.stop();
  });

  const says = (name: string) => told(cluster, 'Api', 'shop', name);
  const version = async (): Promise<string | undefined> =>
    (await cluster.get(typeOfKind('Api'), { namespace: 'shop', name: 'orders' }))?.metadata.resourceVersion;
  const terms = async (): Promise<number> => {
    const lease = await cluster.get(LEASES, { namespace: 'default', name: 'ostiary-control' });
    return Number((Object(lease?.['spec']) as { leaseTransitions?: number }).leaseTransitions);
  };
  const api = (name: string, basePath = `/${name}`) =>
    object('Api', 'shop', name, { hosts: ['api.example.com'], basePath, public: { all: true } });

  test('one writes; where it stands still the other does, and the first one does not interfere when it goes on', async () => {
    await put(cluster, api('orders'));
    await expect.poll(() => says('orders'), { timeout: 10_000 }).toMatch(/Programmed=True/);
    const [before, term] = [await version(), await terms()];
    await sleep(3000);
    expect(await version()).toBe(before);
    expect(two.output()).not.toContain('"this process leads"');

    one.pause();
    await put(cluster, api('orders', '/moved'));
    await expect.poll(() => says('orders'), { timeout: 40_000 }).toMatch(/Programmed=False\/NoSidecars/);
    expect(await terms()).toBe(term + 1);
    one.resume();
    await expect.poll(() => one.output(), { timeout: 10_000 }).toContain('does not lead any more');
    const settled = await version();
    await sleep(4000);
    expect(await version()).toBe(settled);

    await two.stop();
    await expect.poll(() => says('orders'), { timeout: 20_000 }).toMatch(/Programmed=True/);
    expect(await terms()).toBe(term + 2);
  });
});
