import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { customResourceDefinitions } from '../../src/crd/definition.ts';
import { OBJECT_KINDS } from '../../src/crd/kinds.ts';
import type { ObjectKind } from '../../src/crd/kinds.ts';
import type { Cluster } from '../../src/kubernetes/connection.ts';
import type { Condition, KubernetesObject } from '../../src/kubernetes/object.ts';
import { NAMESPACES } from '../../src/kubernetes/resource-type.ts';
import type { ResourceType } from '../../src/kubernetes/resource-type.ts';
import { typeOfKind } from '../../src/kubernetes-control/objects.ts';
import type { ApplicableObject } from '../real/kubernetes.ts';
import type { RealOstiary } from '../real/ostiary.ts';

const DEFINITIONS: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  isNamespaced: false,
};

/** Installs the definitions of all kinds, and waits until they are served. */
export async function installDefinitions(cluster: Cluster): Promise<void> {
  for (const definition of customResourceDefinitions())
    await cluster.apply(DEFINITIONS, definition as unknown as KubernetesObject);
  for (const kind of OBJECT_KINDS) {
    for (;;) {
      const served = await cluster.list(typeOfKind(kind), { namespace: 'default' }).catch(() => undefined);
      if (served !== undefined) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

export async function createNamespaces(cluster: Cluster, ...names: string[]): Promise<void> {
  for (const name of names)
    await cluster.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

export function object(kind: ObjectKind, namespace: string, name: string, spec: object): KubernetesObject {
  return { apiVersion: 'ostiary.dev/v1alpha1', kind, metadata: { namespace, name }, spec };
}

export function put(cluster: Cluster, given: KubernetesObject): Promise<KubernetesObject> {
  return cluster.apply(typeOfKind(given.kind as ObjectKind), given, { fieldManager: 'people', isForced: true });
}

interface Told {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

/** What is said of an object: `Accepted=True/Accepted …`. */
export async function told(cluster: Cluster, kind: ObjectKind, namespace: string, name: string): Promise<string> {
  const found = await cluster.get(typeOfKind(kind), { namespace, name });
  const { conditions = [], observedGeneration } = Object(found?.['status']) as Told;
  if (observedGeneration !== found?.metadata.generation) return `not of generation ${found?.metadata.generation}`;
  return conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`).join(' ');
}

/** What a request to `api.example.com` would get, with Basic credentials. */
export async function statusOf(sidecar: RealOstiary, path: string, credentials: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const http = { method: 'GET', host: 'api.example.com', path, headers: { authorization } };
  const answer = await fetch(`${sidecar.apiUrl}/envoy.service.auth.v3.Authorization/Check`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      attributes: { source: { address: { socketAddress: { address: '10.0.0.1' } } }, request: { http } },
    }),
  });
  const { deniedResponse } = (await answer.json()) as { deniedResponse?: { status?: { code?: string | number } } };
  return deniedResponse === undefined
    ? 200
    : Number({ Unauthorized: 401, Forbidden: 403 }[String(deniedResponse.status?.code)]);
}

/** The rights that docs/kubernetes.md lists, for a user. */
export function documentedRights(user: string): readonly ApplicableObject[] {
  const page = readFileSync(new URL('../../docs/kubernetes.md', import.meta.url), 'utf8');
  const [, yaml = ''] = /```yaml\n(apiVersion: rbac[^`]*)```/.exec(page) ?? [];
  const role = parse(yaml) as ApplicableObject;
  const apiGroup = 'rbac.authorization.k8s.io';
  const binding = {
    apiVersion: role.apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name: role.metadata.name },
    roleRef: { apiGroup, kind: role.kind, name: role.metadata.name },
    subjects: [{ apiGroup, kind: 'User', name: user }],
  };
  return [role, binding];
}
