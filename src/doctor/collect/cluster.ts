import { KubernetesFault } from '../../kubernetes/fault.ts';
import type { Cluster } from '../../kubernetes/connection.ts';
import { typesOf } from '../../kubernetes/discovery.ts';
import { typeText } from '../../kubernetes/resource-type.ts';
import type { ResourceType } from '../../kubernetes/resource-type.ts';
import { isMessage } from '../../generate/envoy-value.ts';
import type { Unlooked } from '../finding.ts';
import { resourceOf } from '../resource.ts';
import type { Resource } from '../resource.ts';

export interface ClusterRead {
  readonly resources: readonly Resource[];
  /** The kinds of which all objects are known; those that the cluster does not serve have none. */
  readonly listed: ReadonlySet<string>;
  readonly unlooked: readonly Unlooked[];
}

/** What is looked at, by group: the first version that the cluster serves. */
const WANTED: readonly { readonly versions: readonly string[]; readonly kinds: readonly string[] }[] = [
  { versions: ['v1'], kinds: ['Namespace', 'Service', 'Pod', 'ConfigMap', 'Secret'] },
  { versions: ['apps/v1'], kinds: ['Deployment', 'StatefulSet', 'DaemonSet'] },
  {
    versions: ['admissionregistration.k8s.io/v1'],
    kinds: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  },
  { versions: ['gateway.networking.k8s.io/v1'], kinds: ['Gateway', 'HTTPRoute', 'GRPCRoute', 'GatewayClass'] },
  { versions: ['networking.istio.io/v1alpha3'], kinds: ['EnvoyFilter'] },
  { versions: ['networking.istio.io/v1', 'networking.istio.io/v1beta1'], kinds: ['VirtualService', 'ServiceEntry'] },
  { versions: ['security.istio.io/v1', 'security.istio.io/v1beta1'], kinds: ['AuthorizationPolicy'] },
  { versions: ['gateway.envoyproxy.io/v1alpha1'], kinds: ['SecurityPolicy'] },
  { versions: ['ostiary.dev/v1alpha1'], kinds: ['Api', 'ApiBinding', 'PolicyBinding'] },
];

/** Istio's own namespace: its mesh configuration is there, and what is for all namespaces. */
const ROOT = 'istio-system';

/** Reads a cluster. What may not be read is told, and the rest looked at. @param namespaces empty: all */
export async function readCluster(
  cluster: Pick<Cluster, 'ask' | 'list'>,
  namespaces: readonly string[],
): Promise<ClusterRead> {
  const resources: Resource[] = [];
  const listed = new Set<string>();
  const unlooked: Unlooked[] = [];
  for (const { versions, kinds } of WANTED) {
    const found = await typesOfGroup(cluster, versions, kinds);
    if ('why' in found) {
      unlooked.push({ what: `${kinds.join(', ')} of the cluster`, why: found.why });
      continue;
    }
    for (const kind of kinds) {
      const type = found.types.find((each) => each.kind === kind);
      // A cluster that does not serve a kind has none of it.
      if (type === undefined) listed.add(kind);
      else {
        const { objects, why } = await objectsOf(cluster, type, namespaces);
        resources.push(...objects);
        if (why === undefined) listed.add(kind);
        else unlooked.push({ what: `${typeText(type)} of the cluster`, why });
      }
    }
  }
  return { resources, listed, unlooked };
}

async function typesOfGroup(
  cluster: Pick<Cluster, 'ask'>,
  versions: readonly string[],
  kinds: readonly string[],
): Promise<{ readonly types: readonly ResourceType[] } | { readonly why: string }> {
  try {
    for (const version of versions) {
      const types = (await typesOf(cluster, version)).filter(({ kind }) => kinds.includes(kind));
      if (types.length > 0) return { types };
    }
    return { types: [] };
  } catch (error) {
    return { why: whyOf(error) };
  }
}

async function objectsOf(
  cluster: Pick<Cluster, 'list'>,
  type: ResourceType,
  namespaces: readonly string[],
): Promise<{ readonly objects: readonly Resource[]; readonly why?: string }> {
  const objects: Resource[] = [];
  const within: readonly (string | undefined)[] =
    namespaces.length === 0 || !type.isNamespaced ? [undefined] : [...new Set([...namespaces, ...rootsOf(type)])];
  try {
    for (const namespace of within) {
      const selection = {
        namespace,
        ...(type.kind === 'Secret' && { fieldSelector: 'type=kubernetes.io/tls' }),
        ...(type.kind === 'ConfigMap' && { fieldSelector: 'metadata.name=istio' }),
      };
      const list = await cluster.list(type, selection);
      for (const object of list.objects) if (isMessage(object)) objects.push(resourceOf(object));
    }
    return { objects };
  } catch (error) {
    return { objects, why: whyOf(error) };
  }
}

/** What is for all namespaces is in Istio's own. */
function rootsOf({ kind }: ResourceType): readonly string[] {
  return ['ConfigMap', 'EnvoyFilter', 'AuthorizationPolicy'].includes(kind) ? [ROOT] : [];
}

function whyOf(error: unknown): string {
  if (error instanceof KubernetesFault) return error.message;
  throw error;
}
