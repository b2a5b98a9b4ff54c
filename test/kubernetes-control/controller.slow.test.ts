import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock as clock, systemTimers as timers } from '../../src/clock.ts';
import type { ObjectKind } from '../../src/crd/kinds.ts';
import { connectTo } from '../../src/kubernetes/connection.ts';
import type { Cluster } from '../../src/kubernetes/connection.ts';
import { Informer } from '../../src/kubernetes/informer.ts';
import type { KubernetesObject } from '../../src/kubernetes/object.ts';
import { EVENTS, SECRETS, SERVICES } from '../../src/kubernetes/resource-type.ts';
import { typeOfKind } from '../../src/kubernetes-control/objects.ts';
import { runMain } from '../cli/run-main.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { RealKubernetes } from '../real/kubernetes.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { createNamespaces, documentedRights, installDefinitions, object, put, statusOf, told } from './fixture.ts';

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver')];

const GOOD = 'Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs Programmed=True/Programmed';

describe.skipIf(parts.includes(undefined))('ostiary control --kubernetes at a real kube-apiserver', () => {
  const folder = scratchFolder('controller');
  let kubernetes: RealKubernetes;
  let cluster: Cluster;
  let control: RealControlPlane;
  let sidecar: RealOstiary;
  const start = (
    kubeconfig = kubernetes.kubeconfigFor({ user: 'ostiary' }),
    ...more: string[]
  ): Promise<RealControlPlane> => {
    const key = ['--secrets-key-file', join(folder, 'secrets.key')];
    const which = ['--kubernetes', '--kubeconfig', kubeconfig, '--cluster-name', 'east'];
    return startControlPlane(join(folder, 'data'), listen, { args: [...key, ...which, ...more] });
  };
  let listen: string | undefined;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    cluster = await connectTo({ file: kubernetes.kubeconfig }, { timers, environment: {}, userAgent: 'ostiary/test' });
    await installDefinitions(cluster);
    for (const given of documentedRights('ostiary'))
      expect((await kubernetes.apply(given, false)).status).toBeLessThan(300);
    await createNamespaces(cluster, 'shop', 'pay');
    writeFileSync(join(folder, 'secrets.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
    control = await start();
    listen = new URL(control.url).host;
    const token = join(folder, 'join-token');
    writeFileSync(token, (await ostiary('token', 'create', '--sidecar')).stdout);
    mkdirSync(join(folder, 'none'));
    sidecar = await startOstiary({
      policies: join(folder, 'none'),
      args: ['--control', control.url, '--control-token-file', token, '--cache-dir', join(folder, 'cache')],
    });
  }, 300_000);
  afterAll(async () => {
    await Promise.all([sidecar?.stop(), control?.stop()]);
    cluster?.close();
    await kubernetes?.stop();
  });
  afterEach(async () => {
    for (const kind of ['Contract', 'PolicyBinding', 'ApiBinding', 'ClientApplication', 'Api', 'AccessGrant'] as const)
      for (const { metadata } of (await cluster.list(typeOfKind(kind))).objects)
        await cluster.delete(typeOfKind(kind), metadata);
    await expect.poll(names, { timeout: 20_000 }).toEqual([]);
  });

  const ostiary = (...argv: string[]) => runMain(argv, control.env);
  /** What the log has of the cluster. */
  async function names(): Promise<readonly string[]> {
    const answer = await fetch(`${control.url}/ostiary.v1.ResourceService/List`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${control.env.OSTIARY_TOKEN}` },
      body: JSON.stringify({ owner: 'kubernetes', keysOnly: true, pageSize: 1000 }),
    });
    const { resources = [] } = (await answer.json()) as { resources?: Record<string, string>[] };
    return resources.map((resource) => `${resource['kind']} ${resource['namespace']}/${resource['name']}`).sort();
  }
  const says = (kind: ObjectKind, namespace: string, name: string) =>
    expect.poll(() => told(cluster, kind, namespace, name), { timeout: 15_000 });
  const secret = (name: string, data: Record<string, string>): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'shop', name },
    stringData: data,
  });
  const api = (namespace: string, name: string, more: object = {}) =>
    object('Api', namespace, name, {
      hosts: ['api.example.com'],
      basePath: `/${name}`,
      public: { all: true },
      ...more,
    });

  test('objects are enforced, in whatever order they come, and say so once', async () => {
    const written: string[] = [];
    const informer = new Informer<KubernetesObject>(
      {
        cluster,
        type: typeOfKind('Api'),
        keep: (each) => each,
        onChange: ({ before, after }) => {
          if (before !== undefined && before.metadata.generation === after?.metadata.generation)
            written.push(JSON.stringify(after?.['status']));
        },
      },
      { clock, timers, random: Math.random },
    ).start();
    await informer.synced();
    await put(
      cluster,
      object('Contract', 'shop', 'web-orders', {
        clientApplication: 'web',
        api: 'orders',
        tier: 'gold',
        status: 'approved',
      }),
    );
    await put(
      cluster,
      object('ApiBinding', 'shop', 'orders', {
        apiRef: { name: 'orders' },
        targetRefs: [{ kind: 'Service', name: 'orders' }],
      }),
    );
    await put(
      cluster,
      object('ClientApplication', 'shop', 'web', {
        clientId: 'web',
        clientSecret: { secretRef: { name: 'web', key: 'secret' } },
      }),
    );
    await says('ClientApplication', 'shop', 'web').toMatch(
      /ResolvedRefs=False\/SecretNotFound Programmed=False\/RefsNotResolved/,
    );
    await says('Contract', 'shop', 'web-orders').toMatch(/Accepted=True.*ResolvedRefs=False\/RefNotFound/);
    await says('ApiBinding', 'shop', 'orders').toMatch(/ResolvedRefs=False\/RefNotFound/);
    const ports = [{ name: 'http', port: 80 }];
    await cluster.create(SERVICES, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'shop', name: 'orders' },
      spec: { ports },
    });
    await cluster.create(SECRETS, secret('web', { secret: 's3cret-of-the-web-shop' }));
    const tiers = [{ name: 'gold', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }] }];
    const policies = [{ policyRef: { name: 'client-id-enforcement' }, config: {} }];
    await put(
      cluster,
      object('Api', 'shop', 'orders', { hosts: ['api.example.com'], basePath: '/orders', tiers, policies }),
    );
    for (const [kind, name] of [
      ['Api', 'orders'],
      ['ClientApplication', 'web'],
      ['Contract', 'web-orders'],
    ] as const)
      await says(kind, 'shop', name).toBe(GOOD);
    await says('ApiBinding', 'shop', 'orders').toMatch(/ResolvedRefs=True.*Programmed=False\/NotAttached/);
    const found = await cluster.get(typeOfKind('Api'), { namespace: 'shop', name: 'orders' });
    expect(found?.['status']).toMatchObject({ sidecars: { desired: 1, programmed: 1, stale: 0 } });
    expect(written).toHaveLength(1);
    await informer.close();
    const { stdout } = await ostiary('get', 'ClientApplication', 'east.shop/web', '-o', 'yaml');
    expect(stdout).not.toContain('s3cret');
    const events = await cluster.list(EVENTS, { namespace: 'shop' });
    expect(events.objects.map((each) => each['reason'])).toContain('SecretNotFound');
  });

  test('what is wrong is told, and what was in force before stays', async () => {
    await put(cluster, api('shop', 'orders'));
    await says('Api', 'shop', 'orders').toBe(GOOD);
    const policies = [{ policyRef: { name: 'ip-allowlist' }, config: { ips: ['nowhere'] } }];
    await put(cluster, api('shop', 'orders', { policies }));
    await says('Api', 'shop', 'orders').toBe(
      'Accepted=False/Invalid ResolvedRefs=True/ResolvedRefs Programmed=False/NotAccepted',
    );
    expect(await names()).toEqual(['Api east.shop/orders']);
    await put(cluster, api('shop', 'orders'));
    await says('Api', 'shop', 'orders').toBe(GOOD);
  });

  test('a place of another namespace is taken only where its owner lets it be', async () => {
    await put(cluster, api('shop', 'orders'));
    await says('Api', 'shop', 'orders').toBe(GOOD);
    await put(cluster, api('pay', 'refunds', { basePath: '/orders/refunds' }));
    await says('Api', 'pay', 'refunds').toMatch(/^Accepted=False\/PlaceTaken/);
    const places = [{ api: 'orders', basePath: '/orders/refunds' }];
    await put(cluster, object('AccessGrant', 'shop', 'refunds', { from: [{ namespace: 'pay' }], places }));
    await says('Api', 'pay', 'refunds').toBe(GOOD);
    await says('AccessGrant', 'shop', 'refunds').toBe('Accepted=True/Accepted');
  });

  test('a Secret that changes is followed, and what policies read comes encrypted', async () => {
    await cluster.create(SECRETS, secret('ops', { password: '$first', other: 'untouched' }));
    const config = { username: 'ops', password: { secretRef: { name: 'ops', key: 'password' } } };
    const policies = [{ policyRef: { name: 'http-basic-authentication' }, config }];
    await put(cluster, object('Api', 'shop', 'ops', { basePath: '/ops', policies }));
    await says('Api', 'shop', 'ops').toBe(GOOD);
    expect(await names()).toEqual(['Api east.shop/ops', 'Secret east.shop/ops']);
    expect(await statusOf(sidecar, '/ops', 'ops:$first')).toBe(200);
    expect(await statusOf(sidecar, '/ops', 'ops:other')).toBe(401);
    await cluster.patch(SECRETS, { namespace: 'shop', name: 'ops' }, { stringData: { password: 'second' } });
    await expect.poll(() => statusOf(sidecar, '/ops', 'ops:second'), { timeout: 10_000 }).toBe(200);
    expect(await statusOf(sidecar, '/ops', 'ops:$first')).toBe(401);
    await cluster.delete(SECRETS, { namespace: 'shop', name: 'ops' });
    await says('Api', 'shop', 'ops').toMatch(/ResolvedRefs=False\/SecretNotFound/);
    // What is enforced stays.
    expect(await statusOf(sidecar, '/ops', 'ops:second')).toBe(200);
  });

  test('what was deleted while nobody looked goes at the start, and nothing else', async () => {
    for (const name of ['kept', 'gone']) await put(cluster, api('shop', name));
    await put(
      cluster,
      object('PolicyBinding', 'shop', 'quota', {
        targetRef: { kind: 'Api', name: 'gone' },
        policyRef: { name: 'spike-control' },
        config: { maximumRequests: 5, timePeriodInMilliseconds: 1000, queuingLimit: 0 },
      }),
    );
    await says('Api', 'shop', 'gone').toBe(GOOD);
    await says('PolicyBinding', 'shop', 'quota').toMatch(/Programmed=True/);
    await control.stop();
    await cluster.delete(typeOfKind('Api'), { namespace: 'shop', name: 'gone' });
    // Whoever may list nothing, and whoever asks another cluster, takes nothing for deleted.
    control = await start(kubernetes.kubeconfigFor({ user: 'alice' }));
    await sleep(3000);
    expect(await names()).toHaveLength(3);
    await control.stop();
    control = await start();
    await expect.poll(names, { timeout: 20_000 }).toEqual(['Api east.shop/kept']);
    await says('PolicyBinding', 'shop', 'quota').toMatch(/ResolvedRefs=False\/RefNotFound/);
  });
});
