import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { envoyFilter } from '../../src/generate/envoy-filter.ts';
import { customPolicy, meshTlsRule } from '../../src/generate/extension-provider.ts';
import { tcpGuard } from '../../src/generate/tcp-guard.ts';
import { accessLogTelemetry } from '../../src/generate/telemetry.ts';
import { partOrSkip } from '../real/parts.ts';
import { chart, lint, notes, objectsOf, podSpecOf, render, valueSets, valuesFile, writeValues } from './helm.ts';
import type { KubernetesObject, PodSpec } from './helm.ts';

const helm = await partOrSkip('helm');
const documents = valuesFile('default');

describe.skipIf(helm === undefined)('the chart', () => {
  test.each(valueSets)('with the values %s is without fault and renders as before', async (set) => {
    expect(await lint(valuesFile(set))).toContain('0 chart(s) failed');
    const golden = asGolden(objectsOf(await render([valuesFile(set)])));
    await expect(golden).toMatchFileSnapshot(join(chart, '../golden', `${set}.yaml`));
  });

  test.each([
    [{ replicaCount: 3 }, /replicaCount/],
    [{ unmatched: 'drop' }, /unmatched/],
    [{ image: { digest: 'latest' } }, /digest/],
    [{ redis: { url: 'http://redis' } }, /redis/],
    [{ secrets: { env: [{ name: 'A-B', secretName: 'x', key: 'y' }] } }, /env/],
    [{ logAllowRate: 2 }, /logAllowRate/],
    [{ policies: { inline: { 'orders.txt': 'x' } } }, /orders\.txt/],
    [{ envoyFilters: [{ name: 'x', placement: 'everywhere' }] }, /placement/],
    [{ envoyFilters: [{ name: 'x', placement: 'waypoint', gateway: 'w' }] }, /use authorizationPolicies with target/],
    [{ envoyFilters: [{ name: 'x', placement: 'gateway', gateway: 'w', selector: { a: 'b' } }] }, /exclude each other/],
    [{ envoyFilters: [{ name: 'x', placement: 'sidecar', gateway: 'w' }] }, /chosen by selector/],
    [{ envoyFilters: [{ name: 'x', placement: 'gateway', openTcpPorts: [1] }] }, /openTcpPorts is for sidecars/],
    [{ envoyFilters: [{ name: 'x', placement: 'gateway', routesOnly: true }] }, /has no effect without apis/],
    [{ envoyFilters: [{ name: 'x', placement: 'gateway', apis: [{ api: 'a', route: 'b,c' }] }] }, /route/],
    [{ envoyFilters: [{ name: 'x', placement: 'sidecar', routesOnly: true, accessLog: true }] }, /accessLog is for/],
    [{ authorizationPolicies: [{ name: 'x', placement: 'gateway' }] }, /placement.*has no effect/],
    [{ authorizationPolicies: [{ name: 'x', logProviders: ['envoy'] }] }, /no effect without accessLog/],
    [{ storage: { existingClaim: 'c' } }, /would hold nothing/],
    [{ storage: { history: true, existingClaim: 'c' } }, /set replicas to 1/],
    [{ replicas: 1, storage: { history: true, existingClaim: 'c', storageClassName: 'd' } }, /exclude each other/],
    [{ storage: { history: true, size: '4G' } }, /size/],
    [{ mode: 'sidecar', storage: { history: true } }, /storage \(/],
    [{ authorizationPolicies: [{ name: 'x', target: { kind: 'Pod', name: 'y' } }] }, /kind/],
    [{ mode: 'sidecar', secrets: { files: ['partner'] } }, /no container.*--secret-files/],
    [{ mode: 'sidecar', secrets: { env: [{ name: 'A', secretName: 'a', key: 'b' }] } }, /--secret-env/],
    [{ mode: 'sidecar', redis: { existingSecret: { name: 'redis', key: 'url' } } }, /--redis-secret/],
    [{ mode: 'sidecar', redis: { url: 'redis://redis:6379' } }, /--redis URL/],
    [{ mode: 'sidecar', extraArgs: ['--log-level=debug'] }, /--extra-arg/],
    [{ tls: { secretName: 't', mesh: true } }, /exclude each other/],
    [{ envoyFilters: [{ name: 'x', placement: 'gateway', timeout: '1s' }] }, /timeout/],
    [{ drain: { delaySeconds: 20 } }, /drain\.totalSeconds must be longer/],
    [{ mode: 'sidecar', envoyFilters: [{ name: 'x', placement: 'sidecar' }] }, /set its socket/],
    [{ tls: { secretName: 't' }, envoyFilters: [{ name: 'x', placement: 'sidecar' }] }, /set tls\.ca/],
    [
      {
        tls: { secretName: 't', ca: '-----BEGIN CERTIFICATE-----', requireClientCertificate: true },
        envoyFilters: [{ name: 'x', placement: 'sidecar' }],
      },
      /certificate of its own.*--envoy-cert/,
    ],
  ])('refuses the values %j and says which', async (values, complaint) => {
    await expect(render([documents, writeValues(values)])).rejects.toThrow(complaint);
  });

  test('is installed without values, and nothing is enforced; Envoys that ask need documents', async () => {
    const objects = objectsOf(await render([]));
    const kinds = objects.map(({ kind }) => kind);
    expect(kinds.filter((kind) => /^(?:EnvoyFilter|AuthorizationPolicy|CustomResourceDefinition)$/.test(kind))).toEqual(
      [],
    );
    const check = JSON.stringify(objects.find(({ kind }) => kind === 'Pod'));
    expect(check).toContain('Nothing is enforced yet. There is no document, and no Envoy asks.');
    const asking = writeValues({ envoyFilters: [{ name: 'x', placement: 'gateway', gateway: 'g' }] });
    await expect(render([asking])).rejects.toThrow(/must hold documents/);
  });

  test('asks for nothing that the restricted pod security level forbids, and for no fixed user', async () => {
    for (const set of valueSets) {
      for (const object of objectsOf(await render([valuesFile(set)]))) {
        const pod = podSpecOf(object);
        if (pod === undefined) continue;
        expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } });
        expect(JSON.stringify(pod)).not.toMatch(/runAsUser|hostPath|hostNetwork/);
        // What a claim needs, its values say; the control plane has one by default.
        if (set !== 'single' && !object.metadata.name.includes('control'))
          expect(JSON.stringify(pod)).not.toContain('fsGroup');
        for (const container of pod.containers) {
          expect(container.securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
        }
      }
    }
  });

  test('mounts one volume that can be written to, where something is stored, and nowhere else', async () => {
    const storage = async (values: object) => {
      const objects = objectsOf(await render([documents, writeValues(values)]));
      const { spec } = objects.find(({ kind }) => kind === 'Deployment')!.spec['template'] as { spec: PodSpec };
      const [container] = spec.containers;
      const writable = container?.volumeMounts?.filter(({ readOnly }) => readOnly !== true);
      return { writable, volume: spec.volumes?.find(({ name }) => name === 'storage') };
    };
    expect((await storage({})).writable).toEqual([]);
    const { writable, volume } = await storage({ storage: { history: true } });
    expect(writable).toEqual([{ name: 'storage', mountPath: '/var/lib/ostiary' }]);
    expect(volume).toEqual({ name: 'storage', emptyDir: { sizeLimit: '4Gi' } });
  });

  test('gives a pod more time to end than it needs', async () => {
    const deployment = objectsOf(await render([documents])).find(({ kind }) => kind === 'Deployment');
    // preStop 3, drain 15
    expect(deployment).toMatchObject({ spec: { template: { spec: { terminationGracePeriodSeconds: 23 } } } });
  });

  test('renders what `ostiary generate` prints', async () => {
    const identity = 'spiffe://cluster.local/ns/mesh/sa/shop-ostiary';
    const common = {
      tls: { by: 'mesh', identity },
      ostiary: { kind: 'tcp', host: 'shop-ostiary-headless.mesh.svc.cluster.local', port: 9191 },
      timeoutMs: 250,
      rawHeaders: false,
      routesOnly: false,
    } as const;
    const labels = (chosen: Readonly<Record<string, string>>) => ({ by: 'labels', labels: chosen }) as const;
    const istio = new Set(['EnvoyFilter', 'AuthorizationPolicy', 'DestinationRule', 'Telemetry']);
    const rendered = objectsOf(await render([valuesFile('mesh')])).filter(({ kind }) => istio.has(kind));
    const expected = [
      envoyFilter({
        ...common,
        name: 'ostiary-gateway',
        namespace: 'istio-ingress',
        placement: { kind: 'gateway', whose: labels({ istio: 'ingressgateway' }) },
        apis: [{ api: 'orders', route: 'orders-route' }],
      }),
      envoyFilter({
        ...common,
        name: 'ostiary-eg',
        namespace: 'istio-ingress',
        placement: { kind: 'gateway', whose: { by: 'target', target: { kind: 'Gateway', name: 'eg' } } },
        rawHeaders: true,
        accessLog: true,
        apis: [{ api: 'orders', route: undefined }],
      }),
      envoyFilter({
        ...common,
        name: 'ostiary-sidecars',
        namespace: 'shop',
        placement: { kind: 'sidecar', whose: labels({}) },
        timeoutMs: 1000,
        accessLog: true,
        apis: [
          { api: 'any', route: undefined },
          { api: 'orders', route: '8080' },
        ],
      }),
      tcpGuard({ name: 'ostiary-sidecars', namespace: 'shop', labels: {}, openTcpPorts: [5432] }),
      envoyFilter({
        ...common,
        name: 'ostiary-users-routes',
        namespace: 'shop',
        placement: { kind: 'sidecar', whose: labels({ app: 'users' }) },
        routesOnly: true,
        apis: [{ api: 'users', route: '80' }],
      }),
      customPolicy({
        name: 'ostiary-waypoint',
        namespace: 'shop',
        provider: 'ostiary',
        whose: { by: 'target', target: { kind: 'Gateway', name: 'waypoint' } },
      }),
      accessLogTelemetry({
        name: 'ostiary-waypoint',
        namespace: 'shop',
        provider: 'ostiary',
        whose: { by: 'target', target: { kind: 'Gateway', name: 'waypoint' } },
        others: [],
        inboundOnly: false,
      }),
      accessLogTelemetry({
        name: 'ostiary-users',
        namespace: 'shop',
        provider: 'ostiary',
        whose: labels({ app: 'users' }),
        others: ['envoy'],
        inboundOnly: true,
      }),
      customPolicy({ name: 'ostiary-users', namespace: 'shop', provider: 'ostiary', whose: labels({ app: 'users' }) }),
      {
        ...meshTlsRule({ service: 'shop-ostiary.mesh.svc.cluster.local', identity }),
      },
    ] as unknown as readonly KubernetesObject[];
    expect(rendered.map(comparable).toSorted(byName)).toEqual(expected.map(comparable).toSorted(byName));
  });

  test('tells who installs it which requests nobody counts', async () => {
    const told = await notes([valuesFile('mesh')]);
    expect(told.match(/^How the requests of .*$/gm)).toEqual([
      'How the requests of ostiary-gateway end is not counted: set its accessLog to true (docs/analytics.md).',
    ]);
  });

  test('listens on every address, IPv6 too, and its pods are kept out of the mesh or in it by a label', async () => {
    for (const [set, inject] of [
      ['default', 'false'],
      ['mesh', 'true'],
    ] as const) {
      const deployment = objectsOf(await render([valuesFile(set)])).find(({ kind }) => kind === 'Deployment');
      const template = deployment?.spec['template'] as { metadata: object; spec: PodSpec } | undefined;
      expect(template?.spec.containers[0]?.args).toEqual(
        expect.arrayContaining(['--listen=:9191', '--admin-listen=:9190']),
      );
      expect(template?.metadata).toMatchObject({ labels: { 'sidecar.istio.io/inject': inject } });
      expect(template?.metadata).not.toHaveProperty('annotations');
    }
  });
});

type Comparable = Pick<KubernetesObject, 'kind' | 'spec'> & { name: string; namespace: string };

function comparable({ kind, metadata: { name, namespace }, spec }: KubernetesObject): Comparable {
  return { kind, name, namespace, spec };
}

function byName(a: Comparable, b: Comparable): number {
  return `${a.kind} ${a.name}`.localeCompare(`${b.kind} ${b.name}`);
}

/** The objects whatever the order and the spacing that a release of Helm has. */
function asGolden(objects: readonly KubernetesObject[]): string {
  const key = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata.namespace} ${metadata.name}`;
  const sorted = objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return sorted.map((object) => stringify(object, { lineWidth: 0 })).join('---\n');
}
