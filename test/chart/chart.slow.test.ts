import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseFlags } from '../../src/flags.ts';
import { envoyFilter } from '../../src/generate/envoy-filter.ts';
import { defaultMetadataNamespaces } from '../../src/generate/ext-authz.ts';
import { serveFlags } from '../../src/serve/serve-flags.ts';
import { partOrSkip } from '../real/parts.ts';
import { chart, lint, objectsOf, render, valueSets, valuesFile, writeValues, type KubernetesObject } from './helm.ts';

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
    [{ envoyFilters: [{ name: 'x', placement: 'waypoint' }] }, /gateway/],
    [{ envoyFilters: [{ name: 'x', placement: 'waypoint', gateway: 'w', selector: {} }] }, /envoyFilters/],
    [{ envoyFilters: [{ name: 'x', placement: 'gateway', timeout: '1s' }] }, /timeout/],
    [{ drain: { delaySeconds: 20 } }, /drain\.totalSeconds must be longer/],
    [{ mode: 'sidecar', envoyFilters: [{ name: 'x', placement: 'sidecar' }] }, /set its socket/],
    [{ tls: { secretName: 't' }, envoyFilters: [{ name: 'x', placement: 'sidecar' }] }, /without TLS/],
  ])('refuses the values %j and says which', async (values, complaint) => {
    await expect(render([documents, writeValues(values)])).rejects.toThrow(complaint);
  });

  test('refuses to be installed without documents', async () => {
    await expect(render([])).rejects.toThrow(/must hold documents/);
  });

  test('asks for nothing that the restricted pod security level forbids, and for no fixed user', async () => {
    for (const set of valueSets) {
      for (const { kind, spec } of objectsOf(await render([valuesFile(set)]))) {
        const pod = kind === 'Deployment' ? (spec['template'] as { spec: PodSpec }).spec : (spec as unknown as PodSpec);
        if (kind !== 'Deployment' && kind !== 'Pod') continue;
        expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } });
        expect(JSON.stringify(pod)).not.toMatch(/runAsUser|fsGroup|hostPath|hostNetwork/);
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

  test.each(valueSets)('with the values %s calls serve with flags that it knows', async (set) => {
    const deployment = objectsOf(await render([valuesFile(set)])).find(({ kind }) => kind === 'Deployment');
    const pod = deployment?.spec['template'] as { spec: PodSpec } | undefined;
    const [command, ...flags] = pod?.spec.containers[0]?.args ?? ['serve'];
    expect(command).toBe('serve');
    expect(parseFlags(serveFlags, flags, {}).positionals).toEqual([]);
  });

  test('gives a pod more time to end than it needs', async () => {
    const deployment = objectsOf(await render([documents])).find(({ kind }) => kind === 'Deployment');
    // preStop 3, drain 15
    expect(deployment).toMatchObject({ spec: { template: { spec: { terminationGracePeriodSeconds: 23 } } } });
  });

  test('renders the EnvoyFilters that `ostiary generate envoyfilter` prints', async () => {
    const usual = { timeoutMs: 250, rawHeaders: false, metadataNamespaces: defaultMetadataNamespaces };
    const service = 'shop-ostiary-headless.mesh.svc.cluster.local';
    const ostiary = { kind: 'tcp', host: service, port: 9191 } as const;
    const filters = objectsOf(await render([valuesFile('mesh')])).filter(({ kind }) => kind === 'EnvoyFilter');
    const specs = filters.map(({ metadata, spec }) => ({ name: metadata.name, namespace: metadata.namespace, spec }));
    const expected = [
      envoyFilter({
        ...usual,
        name: 'ostiary-gateway',
        namespace: 'istio-ingress',
        ostiary,
        placement: { kind: 'gateway', labels: { istio: 'ingressgateway' } },
        apis: [{ api: 'orders', route: 'orders-route' }],
      }),
      envoyFilter({
        ...usual,
        name: 'ostiary-waypoint',
        namespace: 'shop',
        ostiary,
        placement: { kind: 'waypoint', gateway: 'waypoint' },
        rawHeaders: true,
        metadataNamespaces: ['istio_authn'],
        apis: [{ api: 'orders', route: undefined }],
      }),
      envoyFilter({
        ...usual,
        name: 'ostiary-sidecars',
        namespace: 'shop',
        ostiary,
        placement: { kind: 'sidecar', labels: {} },
        timeoutMs: 1000,
        apis: [
          { api: 'orders', route: '8080' },
          { api: 'any', route: undefined },
        ],
      }),
    ] as unknown as readonly { metadata: { name: string; namespace: string }; spec: object }[];
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(specs.toSorted(byName)).toEqual(
      expected.map(({ metadata: { name, namespace }, spec }) => ({ name, namespace, spec })).toSorted(byName),
    );
  });
});

/** The objects whatever the order and the spacing that a release of Helm has. */
function asGolden(objects: readonly KubernetesObject[]): string {
  const key = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata.namespace} ${metadata.name}`;
  const sorted = objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return sorted.map((object) => stringify(object, { lineWidth: 0 })).join('---\n');
}

interface PodSpec {
  readonly containers: readonly { readonly securityContext: object; readonly args: readonly string[] }[];
}
