import { apiBindingSpec } from '../crd/binding-schema.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { keyOfObject } from './object-key.ts';
import type { ObjectKey } from './object-key.ts';
import type { Objects } from './objects.ts';
import type { ObjectStatus, Programming } from './status.ts';
import { ACCEPTED, RESOLVED } from './verdict.ts';
import type { Judgement, Verdict } from './verdict.ts';

export interface BindingsPorts {
  readonly objects: Pick<Objects, 'get' | 'ofKind'>;
}

const NOTHING: ObjectStatus = {};

const NOT_ATTACHED: Verdict = {
  isTrue: false,
  reason: 'NotAttached',
  message:
    'Every sidecar enforces the API. Whether the target asks them is not known: ostiary has attached nothing to it',
};

/** ApiBindings: what they name, and what becomes of it. */
export class Bindings {
  readonly #ports: BindingsPorts;

  constructor(ports: BindingsPorts) {
    this.#ports = ports;
  }

  async judge(object: KubernetesObject): Promise<Judgement> {
    const generation = object.metadata.generation ?? 0;
    const base = { generation, resource: undefined, isWritten: false };
    const read = apiBindingSpec.safeParse(object['spec']);
    if (!read.success) {
      const message = read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
      return { ...base, accepted: { isTrue: false, reason: 'Invalid', message }, resolved: RESOLVED };
    }
    const api = apiOf(object);
    if (this.#ports.objects.get(api) === undefined) {
      const message = `spec.apiRef.name: there is no Api ${api.name} in this namespace`;
      return { ...base, accepted: ACCEPTED, resolved: { isTrue: false, reason: 'RefNotFound', message } };
    }
    return { ...base, accepted: ACCEPTED, resolved: RESOLVED, isWritten: true };
  }

  /** Bindings that name an object. */
  *concernedBy({ kind, namespace, name }: ObjectKey): Iterable<ObjectKey> {
    if (kind !== 'Api') return;
    for (const binding of this.#ports.objects.ofKind('ApiBinding')) {
      if (binding.metadata.namespace === namespace && apiOf(binding).name === name) yield keyOfObject(binding);
    }
  }

  /** A binding holds where its targets ask ostiary, and its API is enforced. */
  also(
    key: ObjectKey,
    own: Programming,
    programmingOf: (api: ObjectKey) => Programming | undefined,
  ): { readonly programming: Programming; readonly more: ObjectStatus } {
    const object = key.kind === 'ApiBinding' ? this.#ports.objects.get(key) : undefined;
    if (object === undefined) return { programming: own, more: NOTHING };
    const ofApi = programmingOf(apiOf(object));
    if (ofApi === undefined || !ofApi.verdict.isTrue) return { programming: ofApi ?? own, more: NOTHING };
    return { programming: { ...ofApi, verdict: NOT_ATTACHED }, more: NOTHING };
  }
}

function apiOf(binding: KubernetesObject): ObjectKey {
  const { apiRef } = Object(binding['spec']) as { apiRef?: { name?: unknown } };
  return { kind: 'Api', namespace: binding.metadata.namespace ?? '', name: String(apiRef?.name) };
}
