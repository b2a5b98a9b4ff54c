import type { Cluster } from './connection.ts';
import { KubernetesFault } from './fault.ts';
import type { ResourceType } from './resource-type.ts';

/**
 * The types that the cluster serves in a version of a group, such as `gateway.networking.k8s.io/v1`. Empty: none, as where the
 * CRDs are not installed.
 * @throws KubernetesFault (rejects with it)
 */
export async function typesOf(cluster: Pick<Cluster, 'ask'>, apiVersion: string): Promise<readonly ResourceType[]> {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  try {
    const { body } = await cluster.ask({ method: 'GET', path });
    const { resources } = Object(body) as { resources?: unknown };
    const items = Array.isArray(resources) ? (resources as readonly Readonly<Record<string, unknown>>[]) : [];
    return items
      .filter(({ name }) => !String(name).includes('/'))
      .map(({ name, kind, namespaced }) => {
        return { group, version, plural: String(name), kind: String(kind), isNamespaced: namespaced === true };
      });
  } catch (error) {
    if (error instanceof KubernetesFault && error.status === 404) return [];
    throw error;
  }
}

/** @returns undefined: the cluster has no such type */
export async function typeOf(
  cluster: Pick<Cluster, 'ask'>,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): Promise<ResourceType | undefined> {
  return (await typesOf(cluster, apiVersion)).find((each) => each.kind === kind);
}
