import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock as clock, systemTimers as timers } from '../../src/clock.ts';
import { connectTo } from '../../src/kubernetes/connection.ts';
import type { Cluster } from '../../src/kubernetes/connection.ts';
import { typeOf, typesOf } from '../../src/kubernetes/discovery.ts';
import { Informer } from '../../src/kubernetes/informer.ts';
import type { ObjectChange } from '../../src/kubernetes/known.ts';
import type { KubernetesObject } from '../../src/kubernetes/object.ts';
import { NAMESPACES, SERVICES } from '../../src/kubernetes/resource-type.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { RealKubernetes } from '../real/kubernetes.ts';
import { partOrSkip } from '../real/parts.ts';

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver')];

const service = (namespace: string, name: string, port = 80): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace, labels: { port: String(port) } },
  spec: { ports: [{ name: 'http', port: 80 }] },
});

describe.skipIf(parts.includes(undefined))('a real kube-apiserver', () => {
  let kubernetes: RealKubernetes;
  let cluster: Cluster;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const ports = { timers, environment: {}, userAgent: 'ostiary/test' };
    cluster = await connectTo({ file: kubernetes.kubeconfig }, ports);
    for (const name of ['shop', 'chunks', 'watched'])
      await cluster.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }, 300_000);
  afterAll(async () => {
    cluster?.close();
    await kubernetes?.stop();
  });

  test('objects are created, read, applied, patched and deleted', async () => {
    const name = { namespace: 'shop', name: 'one' };
    expect(await cluster.get(SERVICES, name)).toBeUndefined();
    const created = await cluster.create(SERVICES, service('shop', 'one'), { fieldManager: 'people' });
    expect(created.metadata.uid).toBeDefined();
    await expect(cluster.create(SERVICES, service('shop', 'one'))).rejects.toMatchObject({ status: 409 });
    const other = service('shop', 'one', 81);
    await expect(cluster.apply(SERVICES, other)).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
    const applied = await cluster.apply(SERVICES, other, { isForced: true });
    expect(applied.metadata.labels).toEqual({ port: '81' });
    await cluster.patch(SERVICES, name, { metadata: { labels: { team: 'shop' } } });
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const condition = { type: 'Ready', status: 'True', reason: 'Seen', message: '', lastTransitionTime };
    const status = { conditions: [condition] };
    await cluster.applyStatus(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata: name, status });
    const read = await cluster.get(SERVICES, name);
    expect(read).toMatchObject({ metadata: { labels: { port: '81', team: 'shop' } }, status });
    await cluster.apply(SERVICES, service('shop', 'two'), { isDryRun: true });
    expect(await cluster.get(SERVICES, { ...name, name: 'two' })).toBeUndefined();
    await expect(cluster.delete(SERVICES, name, { uid: 'another' })).rejects.toMatchObject({ status: 409 });
    expect(await cluster.delete(SERVICES, name)).toBe(true);
    expect(await cluster.delete(SERVICES, name)).toBe(false);
  });

  test('a list comes in chunks, and is complete', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await cluster.create(SERVICES, service('chunks', name));
    const { objects } = await cluster.list(SERVICES, { namespace: 'chunks', limit: 2 });
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(objects[0]).toMatchObject({ apiVersion: 'v1', kind: 'Service', spec: {} });
    const metadata = await cluster.list(SERVICES, { namespace: 'chunks', isMetadataOnly: true });
    expect(metadata.objects[0]?.['spec']).toBeUndefined();
  });

  test('what the cluster serves can be asked for', async () => {
    expect(await typeOf(cluster, { apiVersion: 'v1', kind: 'Service' })).toEqual(SERVICES);
    expect(await typesOf(cluster, 'nowhere.example.com/v1')).toEqual([]);
  });

  test('an informer tells of each change once', async () => {
    const changes: string[] = [];
    const onChange = ({ key, before, after }: ObjectChange<string>): void => {
      changes.push(`${key} ${before ?? '-'} ${after ?? '-'}`);
    };
    await cluster.create(SERVICES, service('watched', 'early'));
    const informer = new Informer<string>(
      {
        cluster,
        type: SERVICES,
        namespace: 'watched',
        keep: ({ metadata }) => metadata.labels?.['port'] ?? '',
        onChange,
      },
      { clock, timers, random: Math.random },
    ).start();
    await informer.synced();
    expect(changes).toEqual(['watched/early - 80']);
    await cluster.apply(SERVICES, service('watched', 'late', 8080));
    await cluster.apply(SERVICES, service('watched', 'late', 8081));
    await cluster.delete(SERVICES, { namespace: 'watched', name: 'early' });
    await expect
      .poll(() => changes.slice(1), { timeout: 10_000 })
      .toEqual(['watched/late - 8080', 'watched/late 8080 8081', 'watched/early 80 -']);
    expect([...informer.objects]).toEqual([['watched/late', '8081']]);
    await informer.close();
  });
});
