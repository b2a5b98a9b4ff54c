import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { customResourceDefinitions } from '../../src/crd/definition.ts';
import { runMain } from '../cli/run-main.ts';
import { gatewayDefinitions, istioDefinitions } from '../istio/definitions.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { ApplicableObject, RealKubernetes } from '../real/kubernetes.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { cleanInstall } from './clean-install.ts';
import { pod } from './objects.ts';
import type { Changeable } from './objects.ts';

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver')];

interface Told {
  readonly findings: readonly { readonly code: string; readonly object: string; readonly file?: string }[];
  readonly notLookedAt: readonly { readonly what: string; readonly why: string }[];
}

describe.skipIf(parts.includes(undefined))('a cluster with a real kube-apiserver', () => {
  let kubernetes: RealKubernetes;
  let objects: readonly Changeable[];
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const definitions = [
      ...(await istioDefinitions()),
      ...(await gatewayDefinitions()),
      ...customResourceDefinitions(),
    ];
    for (const definition of definitions) await apply(definition);
    for (const group of ['networking.istio.io/v1alpha3', 'security.istio.io/v1', 'ostiary.dev/v1alpha1']) {
      while ((await kubernetes.ask('GET', `/apis/${group}`)).status !== 200) await sleep(100);
    }
    await sleep(1000);
    const install = (await cleanInstall())();
    const mesh = install.objects.find((each) => each.meshConfig !== undefined);
    const root = { name: 'istio', namespace: 'istio-system' };
    const spaces = ['istio-ingress'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    const api = {
      apiVersion: 'ostiary.dev/v1alpha1',
      kind: 'Api',
      metadata: { name: 'orders', namespace: 'shop' },
      spec: { basePath: '/orders', policies: [{ policyRef: { name: 'client-id-enforcement' } }] },
    };
    objects = [
      ...spaces,
      // Envoy Gateway's definitions are not here, and SecurityPolicies are looked at in files.
      ...install.objects.filter(({ kind }) => kind !== undefined && kind !== 'SecurityPolicy' && kind !== 'EnvoyProxy'),
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: root, data: { mesh: stringify(mesh.meshConfig) } },
      ...[pod('orders-1', 'shop', { app: 'orders' }), pod('users-1', 'ambient', { app: 'users' })].map(runnable),
      api,
    ].map(accepted);
    for (const object of objects) await apply(object);
    await program();
  }, 300_000);
  afterAll(() => kubernetes?.stop());

  async function apply(object: ApplicableObject): Promise<void> {
    const { status, body } = await kubernetes.apply(object, false);
    expect([object.kind, object.metadata.name, status < 300 ? '' : body['message']]).toEqual([
      object.kind,
      object.metadata.name,
      '',
    ]);
  }

  /** As the controller writes it. */
  async function program(): Promise<void> {
    const { body } = await kubernetes.ask('GET', '/apis/ostiary.dev/v1alpha1/namespaces/shop/apibindings/orders');
    const { generation: observedGeneration } = body['metadata'] as { generation: number };
    const conditions = ['Accepted', 'ResolvedRefs', 'Programmed'].map((type) => {
      const lastTransitionTime = '2026-01-01T00:00:00Z';
      return { type, status: 'True', observedGeneration, reason: type, message: '', lastTransitionTime };
    });
    await kubernetes.applyStatus({ ...find('ApiBinding', 'orders'), spec: undefined, status: { conditions } });
  }

  async function doctor(...args: readonly string[]): Promise<{ code: number; told: Told }> {
    const { code, stdout, stderr } = await runMain([
      'doctor',
      '--kubeconfig',
      kubernetes.kubeconfig,
      '-o',
      'json',
      ...args,
    ]);
    expect(stderr).toBe('');
    return { code, told: JSON.parse(stdout) as Told };
  }

  const find = (kind: string, name: string): Changeable =>
    objects.find((each) => each.kind === kind && each.metadata.name === name);

  test('that is in order has nothing to find', async () => {
    const { code, told } = await doctor();
    expect([told.findings, told.notLookedAt, code]).toEqual([[], [], 0]);
  });

  test('in one of its namespaces has nothing to find either, though what that refers to is in another', async () => {
    const { code, told } = await doctor('--namespace', 'ambient');
    expect([told.findings, told.notLookedAt, code]).toEqual([[], [], 0]);
  });

  const bare = (): Changeable => {
    const { spec, ...rest } = find('Pod', 'orders-1');
    return { ...rest, metadata: { ...rest.metadata, name: 'orders-2' }, spec: { ...spec, initContainers: undefined } };
  };
  const faults: readonly {
    code: string;
    what: string;
    object: () => Changeable;
    change?: (object: Changeable) => void;
  }[] = [
    {
      code: 'OST104',
      what: 'a binding to a Service that does not exist',
      object: () => find('ApiBinding', 'orders'),
      change: (object) => (object.spec.targetRefs[0].name = 'order'),
    },
    {
      code: 'OST105',
      what: 'an EnvoyFilter that selects nobody',
      object: () => find('EnvoyFilter', 'ostiary-orders'),
      change: (object) => (object.spec.workloadSelector.labels.app = 'order'),
    },
    {
      code: 'OST204',
      what: 'a filter that fails open',
      object: () => find('EnvoyFilter', 'gate'),
      change(object) {
        for (const { applyTo, patch } of object.spec.configPatches)
          if (applyTo === 'HTTP_FILTER') patch.value.typed_config.failure_mode_allow = true;
      },
    },
    {
      code: 'OST306',
      what: 'a webhook that would lock the cluster out',
      object: () => find('MutatingWebhookConfiguration', 'ostiary-inject'),
      change: (object) =>
        (object.webhooks[0].namespaceSelector = { matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }] }),
    },
    { code: 'OST301', what: 'a pod without Envoy', object: bare },
    {
      code: 'OST603',
      what: 'an API without a policy',
      object: () => ({
        ...find('Api', 'orders'),
        metadata: { name: 'open', namespace: 'shop' },
        spec: { basePath: '/open' },
      }),
    },
  ];
  test.each(faults)('with one planted fault is told it alone: $what', async ({ code, object, change }) => {
    const before = object();
    const isNew = !objects.some((each) => each.kind === before.kind && each.metadata.name === before.metadata.name);
    const faulty = structuredClone(before);
    change?.(faulty);
    await apply(faulty);
    if (faulty.kind === 'ApiBinding') await program();
    const { told } = await doctor();
    if (isNew) await kubernetes.remove(faulty);
    else await apply(before);
    if (faulty.kind === 'ApiBinding') await program();
    expect([...new Set(told.findings.map((each) => each.code))]).toEqual([code]);
    expect(told.findings.every(({ file }) => file === undefined)).toBe(true);
  });

  test('of which not everything may be read is not green, and what may be is looked at', async () => {
    await apply(named('v1', 'ServiceAccount', { name: 'doctor', namespace: 'shop' }, {}));
    const rules = [
      { apiGroups: ['*'], resources: ['services', 'pods', 'namespaces', 'envoyfilters'], verbs: ['list'] },
    ];
    await apply(named('rbac.authorization.k8s.io/v1', 'ClusterRole', { name: 'doctor' }, { rules }));
    const subjects = [{ kind: 'ServiceAccount', name: 'doctor', namespace: 'shop' }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'doctor' };
    await apply(named('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', { name: 'doctor' }, { roleRef, subjects }));
    const { body } = await kubernetes.create('/api/v1/namespaces/shop/serviceaccounts/doctor/token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {},
    });
    const { token } = body['status'] as { token: string };
    const config = JSON.parse(readFileSync(kubernetes.kubeconfig, 'utf8')) as { users: { user: object }[] };
    config.users[0] = { ...config.users[0], user: { token } };
    const file = join(scratchFolder('kubeconfig'), 'config');
    writeFileSync(file, JSON.stringify(config));
    const { code, stdout } = await runMain(['doctor', '--kubeconfig', file, '-o', 'json']);
    const { findings, notLookedAt } = JSON.parse(stdout) as Told;
    expect([findings, code]).toEqual([[], 3]);
    expect(notLookedAt.map(({ what }) => what)).toContain('secrets of the cluster');
    expect(JSON.stringify(notLookedAt)).toContain('forbidden');
  });

  test('that does not answer is not green', async () => {
    const config = readFileSync(kubernetes.kubeconfig, 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1');
    const file = join(scratchFolder('kubeconfig'), 'config');
    writeFileSync(file, config);
    const { code, stdout } = await runMain(['doctor', '--kubeconfig', file]);
    expect([code, stdout]).toEqual([3, expect.stringContaining('Not looked at')]);
  });
});

function named(apiVersion: string, kind: string, metadata: object, more: object): ApplicableObject {
  return { apiVersion, kind, metadata, ...more } as ApplicableObject;
}

/** What an API server takes: a whole pod. */
function runnable(object: Changeable): Changeable {
  const { status: _, ...rest } = object;
  const whole = (each: object) => ({ image: 'a:1', ...each });
  const native = (each: object) => ({ ...whole(each), restartPolicy: 'Always' });
  const { containers, initContainers } = rest.spec;
  return { ...rest, spec: { containers: containers.map(whole), initContainers: initContainers.map(native) } };
}

/** And a whole Deployment, and a binding without what only its controller writes. */
function accepted(object: Changeable): Changeable {
  const { status: _, ...rest } = structuredClone(object);
  if (object.kind === 'ApiBinding') {
    const { generation: __, ...metadata } = rest.metadata;
    return { ...rest, metadata, spec: { apiRef: rest.spec.apiRef, targetRefs: [rest.spec.targetRef] } };
  }
  if (object.kind === 'Deployment' && rest.spec.selector === undefined)
    rest.spec.selector = { matchLabels: rest.spec.template.metadata.labels };
  return rest;
}
