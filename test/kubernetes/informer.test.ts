import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { KubernetesFault } from '../../src/kubernetes/fault.ts';
import { Informer } from '../../src/kubernetes/informer.ts';
import type { InformerState } from '../../src/kubernetes/informer.ts';
import type { KubernetesObject } from '../../src/kubernetes/object.ts';
import { SERVICES } from '../../src/kubernetes/resource-type.ts';
import { HandTime } from '../rollup/hand-timers.ts';
import { ScriptedCluster } from './scripted-cluster.ts';

const service = (name: string, version: number): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop', uid: name, resourceVersion: String(version) },
});

const expired = () => new KubernetesFault('too old resource version', { status: 410, reason: 'Expired' });
const forbidden = () => new KubernetesFault('services is forbidden', { status: 403, reason: 'Forbidden' });

const open: Informer<unknown>[] = [];
afterEach(() => Promise.all(open.splice(0).map((informer) => informer.close())));

async function started(cluster: ScriptedCluster, believe?: () => Promise<void>) {
  const time = new HandTime(0);
  const changes: string[] = [];
  const states: InformerState[] = [];
  const informer = new Informer<string>(
    {
      cluster,
      type: SERVICES,
      keep: ({ metadata }) => metadata.resourceVersion ?? '',
      onChange: ({ key, before, after }) => changes.push(`${key} ${before ?? '-'} ${after ?? '-'}`),
      onState: (state) => states.push(state),
      ...(believe !== undefined && { believe }),
    },
    { clock: { monotonic: () => time.clock.now() }, timers: time.timers, random: () => 1 - Number.EPSILON },
  );
  open.push(informer.start());
  await settle();
  /** Lets time pass, and everybody work at each moment. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      time.pass(Math.min(100, ms - passed));
      await settle();
    }
  };
  return { informer, changes, states, pass };
}

async function settle(): Promise<void> {
  for (let count = 0; count < 10; count++) await turn();
}

test('a watch goes on where the one before ended, and nothing is listed again', async () => {
  const cluster = new ScriptedCluster();
  cluster.answer = { objects: [service('a', 5)], resourceVersion: '7' };
  const { changes, pass } = await started(cluster);
  expect(cluster.latest.options.resourceVersion).toBe('7');
  cluster.latest.tell('MODIFIED', service('a', 9));
  await pass(60_000);
  cluster.latest.tell('BOOKMARK', service('', 30));
  await pass(60_000);
  cluster.latest.end();
  await settle();
  expect(cluster.latest.options.resourceVersion).toBe('30');
  expect(cluster.lists).toBe(1);
  expect(changes).toEqual(['shop/a - 5', 'shop/a 5 9']);
});

test('each watch asks for an end of its own, so that not all end at once', async () => {
  const cluster = new ScriptedCluster();
  await started(cluster);
  expect(cluster.latest.options.timeoutSeconds).toBe(600);
});

test('what the server no longer has is listed anew: differences alone are told', async () => {
  const cluster = new ScriptedCluster();
  cluster.answer = { objects: [service('same', 5), service('gone', 6)], resourceVersion: '7' };
  const { changes, states, pass } = await started(cluster);
  cluster.answer = { objects: [service('same', 5), service('new', 90)], resourceVersion: '99' };
  cluster.latest.fail(expired());
  await pass(1000);
  expect(changes.slice(2)).toEqual(['shop/new - 90', 'shop/gone 6 -']);
  expect(cluster.latest.options.resourceVersion).toBe('99');
  // It is no fault that anybody has to hear of.
  expect(states.map(({ fault }) => fault)).toEqual([undefined]);
});

test('a list that fails deletes nothing, however long it fails', async () => {
  const cluster = new ScriptedCluster();
  cluster.answer = { objects: [service('a', 5)], resourceVersion: '7' };
  const { informer, changes, states, pass } = await started(cluster);
  cluster.answer = forbidden();
  cluster.latest.fail(expired());
  await pass(600_000);
  expect(changes).toEqual(['shop/a - 5']);
  expect(informer.objects.get('shop/a')).toBe('5');
  expect(states.at(-1)?.fault?.status).toBe(403);
  cluster.answer = { objects: [], resourceVersion: '9' };
  await pass(30_000);
  expect(changes).toEqual(['shop/a - 5', 'shop/a 5 -']);
  expect(states.at(-1)?.fault).toBeUndefined();
});

test('a list that is not to be believed changes nothing', async () => {
  const cluster = new ScriptedCluster();
  cluster.answer = { objects: [service('a', 5)], resourceVersion: '7' };
  let isOther = false;
  const { changes, pass } = await started(cluster, async () => {
    if (isOther) throw new KubernetesFault('another cluster', {});
  });
  isOther = true;
  cluster.answer = { objects: [], resourceVersion: '3' };
  cluster.latest.fail(expired());
  await pass(60_000);
  expect(changes).toEqual(['shop/a - 5']);
});

test('a failing server is asked less and less often', async () => {
  const cluster = new ScriptedCluster();
  cluster.answer = new KubernetesFault('no answer', {});
  const { pass } = await started(cluster);
  await pass(15_000);
  const first = cluster.lists;
  await pass(120_000);
  expect(first).toBeGreaterThan(3);
  expect(first).toBeLessThan(8);
  expect(cluster.lists - first).toBeLessThan(6);
});

test('a server that wants to be left alone is', async () => {
  const cluster = new ScriptedCluster();
  cluster.answer = new KubernetesFault('too many requests', { status: 429, retryAfterMs: 20_000 });
  const { pass } = await started(cluster);
  await pass(19_900);
  expect(cluster.lists).toBe(1);
  await pass(2000);
  expect(cluster.lists).toBe(2);
});

test('watches that end at once are not opened in a storm', async () => {
  const cluster = new ScriptedCluster();
  cluster.answer = { objects: [], resourceVersion: '7' };
  const { pass } = await started(cluster);
  for (let count = 0; count < 600; count++) {
    cluster.latest.end();
    await pass(100);
  }
  expect(cluster.watches.length).toBeLessThan(12);
});

test('a watch in which nothing comes is opened anew, without a list', async () => {
  const cluster = new ScriptedCluster();
  cluster.answer = { objects: [service('a', 5)], resourceVersion: '7' };
  const { changes, pass } = await started(cluster);
  await pass(149_000);
  expect(cluster.watches).toHaveLength(1);
  await pass(3000);
  expect(cluster.watches).toHaveLength(2);
  cluster.latest.tell('DELETED', service('a', 8));
  await settle();
  expect(cluster.lists).toBe(1);
  expect(changes).toEqual(['shop/a - 5', 'shop/a 5 -']);
});

test('bookmarks show that a quiet watch is alive', async () => {
  const cluster = new ScriptedCluster();
  const { pass } = await started(cluster);
  for (let minute = 1; minute < 10; minute++) {
    await pass(60_000);
    cluster.latest.tell('BOOKMARK', service('', minute * 10));
  }
  await settle();
  expect(cluster.watches).toHaveLength(1);
});

test('a server that is behind what was seen is listed after some tries', async () => {
  const cluster = new ScriptedCluster();
  cluster.answer = { objects: [service('a', 500)], resourceVersion: '700' };
  const { changes, pass } = await started(cluster);
  cluster.answer = { objects: [service('a', 20)], resourceVersion: '40' };
  cluster.latest.fail(
    new KubernetesFault('Too large resource version', { status: 504, reason: 'ResourceVersionTooLarge' }),
  );
  await pass(2000);
  expect(cluster.latest.options.resourceVersion).toBe('40');
  expect(changes).toEqual(['shop/a - 500', 'shop/a 500 20']);
});

test('after its end nothing is told any more', async () => {
  const cluster = new ScriptedCluster();
  const { informer, changes } = await started(cluster);
  const watch = cluster.latest;
  await informer.close();
  watch.tell('ADDED', service('late', 9));
  await settle();
  expect(changes).toEqual([]);
});

test('it ends at once, even where its watch has just ended by itself', async () => {
  const cluster = new ScriptedCluster();
  const { informer, pass } = await started(cluster);
  cluster.latest.end();
  await pass(1000);
  cluster.latest.end();
  let isClosed = false;
  void informer.close().then(() => (isClosed = true));
  await settle();
  expect(isClosed).toBe(true);
});
