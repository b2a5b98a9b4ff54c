import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock as clock, systemTimers as timers } from '../../src/clock.ts';
import { connectTo } from '../../src/kubernetes/connection.ts';
import type { Cluster } from '../../src/kubernetes/connection.ts';
import { Informer } from '../../src/kubernetes/informer.ts';
import type { KubernetesObject } from '../../src/kubernetes/object.ts';
import { SERVICES } from '../../src/kubernetes/resource-type.ts';
import { typeOfKind } from '../../src/kubernetes-control/objects.ts';
import { runMain } from '../cli/run-main.ts';
import { bundledAsInImage } from '../real/bundle.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { RealKubernetes } from '../real/kubernetes.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { startTcpProxy } from '../real/tcp-proxy.ts';
import type { TcpProxy } from '../real/tcp-proxy.ts';
import { createNamespaces, installDefinitions, object, put, told } from './fixture.ts';

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver')];

/** KUBERNETES_APIS=1000 (and five Services for each) takes some minutes. */
const APIS = Number(process.env['KUBERNETES_APIS'] ?? 50);
const SERVICES_OF_EACH = 5;
const MOST_RESIDENT_MIB = 200;
const AT_ONCE = 16;

describe.skipIf(parts.includes(undefined))(`${APIS} APIs with bindings and ${APIS * SERVICES_OF_EACH} Services`, () => {
  const folder = scratchFolder('scale');
  let kubernetes: RealKubernetes;
  let cluster: Cluster;
  let proxy: TcpProxy;
  let controls: RealControlPlane[] = [];
  const sidecars: RealOstiary[] = [];
  /** Writes of statuses, by object. */
  const written = new Map<string, number>();
  const informers: Informer<KubernetesObject>[] = [];
  const key = ['--secrets-key-file', join(folder, 'secrets.key')];

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    proxy = await startTcpProxy(kubernetes.port);
    cluster = await connectTo({ file: kubernetes.kubeconfig }, { timers, environment: {}, userAgent: 'ostiary/test' });
    await installDefinitions(cluster);
    await createNamespaces(cluster, 'shop');
    writeFileSync(join(folder, 'secrets.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
    const which = [
      '--kubernetes',
      '--kubeconfig',
      kubernetes.kubeconfigFor({ port: proxy.port }),
      '--cluster-name',
      'east',
    ];
    const control = await startControlPlane(join(folder, 'data'), undefined, {
      args: [...key, ...which],
      ...bundledAsInImage(),
    });
    controls.push(control);
    const token = join(folder, 'join-token');
    writeFileSync(token, (await runMain(['token', 'create', '--sidecar'], control.env)).stdout);
    mkdirSync(join(folder, 'none'));
    for (const name of ['one', 'two']) {
      const following = ['--control', control.url, '--control-token-file', token, '--cache-dir', join(folder, name)];
      sidecars.push(await startOstiary({ policies: join(folder, 'none'), args: [...following, '--node-id', name] }));
    }
    for (const kind of ['Api', 'ApiBinding'] as const) {
      const informer = new Informer<KubernetesObject>(
        {
          cluster,
          type: typeOfKind(kind),
          keep: (each) => each,
          onChange({ key: name, before, after }) {
            const text = `${kind} ${name}`;
            if (before !== undefined && after?.metadata.generation === before.metadata.generation)
              written.set(text, (written.get(text) ?? 0) + 1);
          },
        },
        { clock, timers, random: Math.random },
      );
      informers.push(informer.start());
      await informer.synced();
    }
  }, 300_000);
  afterAll(async () => {
    for (const informer of informers) await informer.close();
    await Promise.all([...sidecars, ...controls].map((each) => each.stop()));
    cluster?.close();
    await proxy?.close();
    await kubernetes?.stop();
  });

  const api = (name: string, more: object = {}) =>
    object('Api', 'shop', name, { hosts: ['api.example.com'], basePath: `/${name}`, public: { all: true }, ...more });
  const binding = (name: string) =>
    object('ApiBinding', 'shop', name, { apiRef: { name }, targetRefs: [{ kind: 'Service', name: `${name}-0` }] });
  async function all(names: readonly string[], work: (name: string) => Promise<unknown>): Promise<void> {
    for (let at = 0; at < names.length; at += AT_ONCE) await Promise.all(names.slice(at, at + AT_ONCE).map(work));
  }
  const programmed = (): number =>
    [...(informers[0]?.objects.values() ?? [])].filter(({ status }) =>
      /"Programmed","status":"True"|"status":"True","type":"Programmed"/.test(JSON.stringify(status)),
    ).length;
  const resident = (): number => {
    const rollup = readFileSync(`/proc/${controls[0]?.pid}/smaps_rollup`, 'utf8');
    return Number(/^Rss:\s+(\d+) kB/m.exec(rollup)?.[1]) / 1024;
  };
  const names = Array.from({ length: APIS }, (_, at) => `api-${at}`);

  test('all are enforced by every sidecar, each told of once, in little memory', async () => {
    const began = clock.monotonic();
    await all(
      names.flatMap((name) => Array.from({ length: SERVICES_OF_EACH }, (_, at) => `${name}-${at}`)),
      (name) =>
        cluster.create(SERVICES, {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { namespace: 'shop', name },
          spec: { ports: [{ name: 'http', port: 80 }], clusterIP: 'None' },
        }),
    );
    const hasServices = clock.monotonic();
    await all(names, async (name) => {
      await put(cluster, api(name));
      await put(cluster, binding(name));
    });
    const hasObjects = clock.monotonic();
    await expect.poll(programmed, { timeout: 300_000, interval: 500 }).toBe(APIS);
    const done = clock.monotonic();
    const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(1)} s`;
    console.log(
      `${APIS} APIs: Services ${seconds(began, hasServices)}, objects ${seconds(hasServices, hasObjects)}, ` +
        `then ${seconds(hasObjects, done)} until programmed; ${resident().toFixed(0)} MiB`,
    );
    expect(resident()).toBeLessThan(MOST_RESIDENT_MIB);
    await expect.poll(() => told(cluster, 'ApiBinding', 'shop', 'api-0')).toMatch(/ResolvedRefs=True/);
    expect([...written].filter(([text, count]) => text.startsWith('Api ') && count > 1)).toEqual([]);
  }, 600_000);

  test('beside them, one that is new is enforced soon', async () => {
    const took: number[] = [];
    for (let count = 0; count < 5; count++) {
      const began = clock.monotonic();
      await put(cluster, api(`new-${count}`));
      await expect
        .poll(() => told(cluster, 'Api', 'shop', `new-${count}`), { timeout: 20_000, interval: 20 })
        .toMatch(/Programmed=True/);
      took.push(Math.round(clock.monotonic() - began));
    }
    console.log(`new to Programmed: ${took.join(', ')} ms`);
  });

  test('a restarted API server, and a cut watch, change nothing; what changes meanwhile is taken over', async () => {
    const before = new Map(written);
    const { uid } = (await cluster.get(typeOfKind('Api'), { namespace: 'shop', name: 'api-1' }))?.metadata ?? {};
    proxy.cut();
    await cluster.delete(typeOfKind('Api'), { namespace: 'shop', name: 'api-0' });
    await put(cluster, api('api-1', { basePath: '/moved' }));
    await kubernetes.restart(() => kubernetes.compact());
    proxy.restore();
    await expect.poll(() => told(cluster, 'Api', 'shop', 'api-1'), { timeout: 60_000 }).toMatch(/Programmed=True/);
    expect((await cluster.get(typeOfKind('Api'), { namespace: 'shop', name: 'api-1' }))?.metadata.uid).toBe(uid);
    await expect.poll(() => told(cluster, 'ApiBinding', 'shop', 'api-0'), { timeout: 20_000 }).toMatch(/RefNotFound/);
    const more = [...written].map(([text, count]) => [text, count - (before.get(text) ?? 0)] as const);
    const ofApis = more.filter(([text, count]) => text.startsWith('Api ') && count > 0);
    // What follows here was cut off too, and may have seen the change and what was told of it as one.
    expect(ofApis.every(([text, count]) => text === 'Api shop/api-1' && count === 1)).toBe(true);
  });
});
