import { setTimeout as sleep } from 'node:timers/promises';
import { customResourceDefinitions } from '../../src/crd/definition.ts';
import { GROUP, OBJECT_KINDS, objectKinds, VERSION } from '../../src/crd/kinds.ts';
import type { ObjectKind } from '../../src/crd/kinds.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { RealKubernetes } from '../real/kubernetes.ts';

/** Whether the API server takes an object, and what it says if not. */
export interface Verdict {
  readonly isAccepted: boolean;
  readonly message: string;
  readonly object: Readonly<Record<string, unknown>>;
}

export interface ClusterWithKinds {
  readonly kubernetes: RealKubernetes;
  /** What it says of an object, which it does not keep. */
  judge(object: Readonly<Record<string, unknown>>): Promise<Verdict>;
}

export const NAMESPACE = 'shop';

/** A real API server that has our definitions. */
export async function clusterWithKinds(): Promise<ClusterWithKinds> {
  const kubernetes = await startKubernetes();
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  for (const object of [namespace, ...customResourceDefinitions()]) {
    const { status, body, warnings } = await kubernetes.apply(object, false);
    if (status >= 300 || warnings.length > 0)
      throw new Error(`${object.metadata.name}: ${JSON.stringify([body, warnings])}`);
  }
  // A definition is served a moment after it was accepted.
  const probe = (kind: ObjectKind) => kubernetes.ask('GET', pathOf(kind));
  for (const kind of OBJECT_KINDS) while ((await probe(kind)).status !== 200) await sleep(50);
  return {
    kubernetes,
    async judge(object) {
      const query = 'fieldManager=test&fieldValidation=Strict&dryRun=All';
      const { status, body } = await kubernetes.create(`${pathOf(object['kind'] as ObjectKind)}?${query}`, object);
      // 400: an unknown field, or another type; 422: what the schema and its rules refuse.
      if (status >= 300 && status !== 400 && status !== 422) throw new Error(JSON.stringify([status, body]));
      return {
        isAccepted: status < 300,
        message: typeof body['message'] === 'string' ? body['message'] : '',
        object: body,
      };
    },
  };
}

function pathOf(kind: ObjectKind): string {
  return `/apis/${GROUP}/${VERSION}/namespaces/${NAMESPACE}/${objectKinds[kind].plural}`;
}
