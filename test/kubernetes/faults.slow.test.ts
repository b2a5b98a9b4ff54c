import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock as clock, systemTimers as timers } from '../../src/clock.ts';
import { connectTo } from '../../src/kubernetes/connection.ts';
import type { Cluster } from '../../src/kubernetes/connection.ts';
import { Informer } from '../../src/kubernetes/informer.ts';
import { LeaseElection } from '../../src/kubernetes/lease-election.ts';
import type { KubernetesObject } from '../../src/kubernetes/object.ts';
import { NAMESPACES, SERVICES } from '../../src/kubernetes/resource-type.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { ApplicableObject, RealKubernetes } from '../real/kubernetes.ts';
import { partOrSkip } from '../real/parts.ts';
import { startTcpProxy } from '../real/tcp-proxy.ts';
import type { TcpProxy } from '../real/tcp-proxy.ts';

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver')];

const GROUP = 'rbac.authorization.k8s.io';
const ROLE = {
  apiVersion: `${GROUP}/v1`,
  kind: 'ClusterRole',
  metadata: { name: 'ostiary' },
  rules: [{ apiGroups: [''], resources: ['services'], verbs: ['get', 'list', 'watch'] }],
};
const BINDING = {
  apiVersion: `${GROUP}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: 'ostiary' },
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'ostiary' },
  subjects: [{ apiGroup: GROUP, kind: 'User', name: 'ostiary' }],
};

const service = (name: string, namespace = 'shop'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { ports: [{ name: 'http', port: 80 }] },
});

describe.skipIf(parts.includes(undefined))('an informer at a real kube-apiserver in trouble', () => {
  let kubernetes: RealKubernetes;
  let cluster: Cluster;
  let proxy: TcpProxy;
  const ends: (() => unknown)[] = [];
  const ports = { timers, environment: {}, userAgent: 'ostiary/test' };
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    proxy = await startTcpProxy(kubernetes.port);
    cluster = await connectTo({ file: kubernetes.kubeconfig }, ports);
    await cluster.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    for (const object of [ROLE, BINDING] as ApplicableObject[]) await kubernetes.apply(object, false);
  }, 300_000);
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
    proxy.restore();
    for (const { metadata } of (await cluster.list(SERVICES, { namespace: 'shop' })).objects)
      await cluster.delete(SERVICES, metadata);
  });
  afterAll(async () => {
    cluster?.close();
    await proxy?.close();
    await kubernetes?.stop();
  });

  /** Follows the Services of `shop` through the proxy, as a user who may do that alone. */
  async function follow(idleMs = 60_000) {
    const file = kubernetes.kubeconfigFor({ user: 'ostiary', port: proxy.port });
    const own = await connectTo({ file }, ports);
    const changes: string[] = [];
    const informer = new Informer<string>(
      {
        cluster: own,
        type: SERVICES,
        namespace: 'shop',
        keep: ({ metadata }) => metadata.uid ?? '',
        onChange: ({ name, before, after }) => {
          changes.push(`${after === undefined ? '-' : before === undefined ? '+' : '~'}${name.name}`);
        },
        times: { idleMs, firstPauseMs: 50, longestPauseMs: 500 },
      },
      { clock, timers, random: Math.random },
    ).start();
    ends.push(async () => {
      await informer.close();
      own.close();
    });
    await informer.synced();
    return { informer, changes };
  }

  test('a cut connection loses nothing and lists nothing again', async () => {
    await cluster.create(SERVICES, service('a'));
    const { informer, changes } = await follow();
    proxy.cut();
    await cluster.create(SERVICES, service('b'));
    await cluster.delete(SERVICES, { namespace: 'shop', name: 'a' });
    await expect.poll(() => informer.state.fault).toBeDefined();
    expect(changes).toEqual(['+a']);
    proxy.restore();
    await expect.poll(() => changes, { timeout: 10_000 }).toEqual(['+a', '+b', '-a']);
    expect(informer.state.lists).toBe(1);
  });

  test('a stream that has fallen silent is noticed', async () => {
    const { informer, changes } = await follow(1000);
    proxy.stall();
    await cluster.create(SERVICES, service('a'));
    await sleep(500);
    proxy.restore();
    // The connection stays as if nothing were the matter: what was sent on it is lost.
    await expect.poll(() => changes, { timeout: 10_000 }).toEqual(['+a']);
    expect(informer.state.lists).toBe(1);
  });

  test('while the right to list is taken away nothing is deleted, and afterwards all is as it is', async () => {
    await cluster.create(SERVICES, service('a'));
    const { informer, changes } = await follow();
    await kubernetes.remove(BINDING);
    proxy.cut();
    await cluster.delete(SERVICES, { namespace: 'shop', name: 'a' });
    proxy.restore();
    await expect.poll(() => informer.state.fault?.status, { timeout: 10_000 }).toBe(403);
    // Refused often enough, it lists; that is refused too.
    await sleep(2000);
    expect(changes).toEqual(['+a']);
    expect(informer.objects.size).toBe(1);
    await kubernetes.apply(BINDING, false);
    await expect.poll(() => changes, { timeout: 10_000 }).toEqual(['+a', '-a']);
    expect(informer.state.fault).toBeUndefined();
  });

  test('a restarted API server that has forgotten the changes since is listed anew', async () => {
    await cluster.create(SERVICES, service('kept'));
    await cluster.create(SERVICES, service('gone'));
    const { informer, changes } = await follow();
    proxy.stall();
    await cluster.delete(SERVICES, { namespace: 'shop', name: 'gone' });
    await cluster.create(SERVICES, service('new'));
    for (let count = 0; count < 20; count++)
      await cluster.patch(
        SERVICES,
        { namespace: 'shop', name: 'new' },
        { metadata: { labels: { count: String(count) } } },
      );
    await kubernetes.restart(() => kubernetes.compact());
    proxy.cut();
    proxy.restore();
    await expect.poll(() => changes, { timeout: 20_000 }).toEqual(['+gone', '+kept', '+new', '-gone']);
    expect(informer.state.lists).toBe(2);
  });

  test('of those who stand for a Lease one is elected; when it is cut off, another follows, and never two at once', async () => {
    const elected = new Set<string>();
    let most = 0;
    const stand = async (identity: string, port: number) => {
      const own = await connectTo({ file: kubernetes.kubeconfigFor({ port }) }, ports);
      const election = new LeaseElection({
        cluster: own,
        lease: { namespace: 'shop', name: 'office' },
        identity,
        clock,
        timers,
        random: Math.random,
        onElected: () => (most = Math.max(most, elected.add(identity).size)),
        onLost: () => void elected.delete(identity),
        onFault: () => {},
        times: { durationMs: 3000, renewWithinMs: 2000, everyMs: 300 },
      });
      ends.push(async () => {
        await election.close();
        own.close();
      });
      return election;
    };
    const one = await stand('one', proxy.port);
    await expect.poll(() => one.isElected, { timeout: 5000 }).toBe(true);
    const two = await stand('two', kubernetes.port);
    await sleep(1000);
    expect([...elected]).toEqual(['one']);
    proxy.cut();
    await expect.poll(() => two.isElected, { timeout: 15_000 }).toBe(true);
    expect(one.isElected).toBe(false);
    proxy.restore();
    await sleep(1000);
    await two.close();
    elected.delete('two');
    await expect.poll(() => one.isElected, { timeout: 5000 }).toBe(true);
    expect(most).toBe(1);
  });
});
