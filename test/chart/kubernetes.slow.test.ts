import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { envoyFilter } from '../../src/generate/envoy-filter.ts';
import type { Placement } from '../../src/generate/envoy-filter.ts';
import { customPolicy, meshTlsRule } from '../../src/generate/extension-provider.ts';
import { tcpGuard } from '../../src/generate/tcp-guard.ts';
import { injectedPod, injectionOptions } from '../generate/injection.ts';
import { istioDefinitions } from '../istio/definitions.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { ApplicableObject, RealKubernetes } from '../real/kubernetes.ts';
import { partOrSkip } from '../real/parts.ts';
import { monitoringDefinitions } from './monitoring-definitions.ts';
import { objectsOf, podTemplateOf, render, valueSets, valuesFile } from './helm.ts';

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver'), await partOrSkip('helm')];

describe.skipIf(parts.includes(undefined))('a real kube-apiserver', () => {
  let kubernetes: RealKubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    for (const name of ['mesh', 'shop', 'istio-ingress']) {
      const labels = {
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      };
      await accepted({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } } as ApplicableObject, false);
    }
    for (const definition of [...(await istioDefinitions()), ...monitoringDefinitions])
      await accepted(definition, false);
    // A definition is served a moment after it was accepted.
    const groups = [
      'networking.istio.io/v1alpha3',
      'networking.istio.io/v1',
      'security.istio.io/v1',
      'monitoring.coreos.com/v1',
    ];
    for (const group of groups) {
      while ((await kubernetes.ask('GET', `/apis/${group}`)).status !== 200) await sleep(100);
    }
    await sleep(1000);
  }, 300_000);
  afterAll(() => kubernetes?.stop());

  async function accepted(object: ApplicableObject, dryRun = true): Promise<void> {
    const answer = await kubernetes.apply(object, dryRun);
    const what = `${object.kind} ${object.metadata.name}: ${JSON.stringify(answer.body['message'] ?? '')}`;
    expect([what, answer.status < 300, answer.warnings]).toEqual([what, true, []]);
  }

  test.each(valueSets)('accepts every object that the chart renders with the values %s', async (set) => {
    const objects = objectsOf(await render([valuesFile(set)]));
    expect(objects.length).toBeGreaterThan(1);
    for (const object of objects) await accepted(object);
    // Pod security is enforced on pods: a Deployment's would be refused only later.
    for (const object of objects) {
      const template = podTemplateOf(object);
      if (template === undefined) continue;
      const { priorityClassName: _, ...pod } = template.spec;
      // The controller adds one for each claim.
      const claims = (object.spec['volumeClaimTemplates'] ?? []) as readonly { readonly metadata: { name: string } }[];
      const volumes = [...(pod.volumes ?? []), ...claims.map(({ metadata: { name } }) => ({ name, emptyDir: {} }))];
      await accepted({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: object.metadata,
        spec: { ...pod, volumes },
      } as ApplicableObject);
    }
  });

  test.each([
    { kind: 'sidecar', whose: { by: 'labels', labels: { app: 'orders' } } },
    { kind: 'gateway', whose: { by: 'labels', labels: {} } },
    { kind: 'gateway', whose: { by: 'target', target: { kind: 'Gateway', name: 'eg' } } },
  ] as const)('accepts a generated EnvoyFilter: %j', async (placement: Placement) => {
    const common = { name: 'ostiary', namespace: 'shop', placement, timeoutMs: 250, rawHeaders: true } as const;
    const host = 'ostiary-headless.mesh.svc.cluster.local';
    const filter = envoyFilter({
      ...common,
      ostiary: { kind: 'tcp', host, port: 9191 },
      tls: { by: 'mesh', identity: 'spiffe://cluster.local/ns/mesh/sa/ostiary' },
      apis: [
        { api: 'any', route: undefined },
        { api: 'orders', route: 'orders' },
      ],
      routesOnly: false,
    });
    await accepted(filter as ApplicableObject);
    const ostiary = { kind: 'unix', path: '/run/ostiary/ostiary.sock' } as const;
    await accepted(
      envoyFilter({ ...common, ostiary, tls: undefined, apis: [], routesOnly: false }) as ApplicableObject,
    );
  });

  test.each(['Gateway', 'GatewayClass', 'Service', 'ServiceEntry'] as const)(
    'accepts the policy that targets a %s',
    async (kind) => {
      const whose = { by: 'target', target: { kind, name: 'orders' } } as const;
      const policy = customPolicy({ name: 'ostiary', namespace: 'shop', provider: 'ostiary', whose });
      await accepted(policy as ApplicableObject);
    },
  );

  test('accepts the other policies', async () => {
    const labels = { app: 'orders' };
    const shop = { name: 'ostiary', namespace: 'shop' };
    await accepted(customPolicy({ ...shop, provider: 'ostiary', whose: { by: 'labels', labels } }) as ApplicableObject);
    await accepted(tcpGuard({ ...shop, labels, openTcpPorts: [5432] }) as ApplicableObject);
    const identity = 'spiffe://cluster.local/ns/mesh/sa/ostiary';
    await accepted(meshTlsRule({ service: 'ostiary.mesh.svc.cluster.local', identity }) as ApplicableObject);
  });

  test('accepts a pod with the injected sidecar under restricted pod security', async () => {
    await accepted(injectedPod(injectionOptions) as ApplicableObject);
    const secretEnv = [{ variable: 'WEB_SHOP_SECRET', name: 'web-shop', key: 'secret' }];
    await accepted(injectedPod({ ...injectionOptions, secretEnv, secretFiles: ['partner'] }) as ApplicableObject);
  });

  test('refuses what is misspelt: its acceptance means something', async () => {
    const wrong = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x', namespace: 'shop' }, spec: { port: [] } };
    const answer = await kubernetes.apply(wrong, true);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const container = { name: 'c', image: 'c' };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: wrong.metadata, spec: { containers: [container] } };
    expect((await kubernetes.apply(pod, true)).status).toBe(403);
  });
});
