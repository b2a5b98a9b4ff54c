import type { z } from 'zod';
import { apiBindingSpec } from '../crd/binding-schema.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { keyOfObject } from './object-key.ts';
import type { ObjectKey } from './object-key.ts';
import type { Objects } from './objects.ts';
import type { ObjectStatus, Programming } from './status.ts';
import type { Targets } from './targets.ts';
import { ACCEPTED, RESOLVED } from './verdict.ts';
import type { Judgement, Verdict } from './verdict.ts';

export interface BindingsPorts {
  readonly objects: Pick<Objects, 'get' | 'ofKind'>;
  readonly targets: Pick<Targets, 'has' | 'isUnknown'>;
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
    const problem = this.#problemOfTargets(read.data, api.namespace);
    if (problem !== undefined) return { ...base, accepted: ACCEPTED, resolved: problem };
    return { ...base, accepted: ACCEPTED, resolved: RESOLVED, isWritten: true };
  }

  /** What is not known yet is no problem: it is looked at again once it is known. */
  #problemOfTargets({ targetRefs = [] }: z.output<typeof apiBindingSpec>, namespace: string): Verdict | undefined {
    for (const [at, { kind, name }] of targetRefs.entries()) {
      const where = `spec.targetRefs[${at}]`;
      if (this.#ports.targets.isUnknown(kind)) {
        const message = `${where}.kind: the cluster has no ${kind}: install Gateway API, or bind a Service`;
        return { isTrue: false, reason: 'InvalidKind', message };
      }
      if (this.#ports.targets.has({ kind, namespace, name }) === false) {
        const message = `${where}.name: there is no ${kind} ${name} in this namespace, and its requests pass unasked`;
        return { isTrue: false, reason: 'RefNotFound', message };
      }
    }
    return undefined;
  }

  /** Bindings with a target of a kind, or with this one. */
  *boundTo({ kind, namespace, name }: Pick<ObjectKey, 'kind'> & Partial<ObjectKey>): Iterable<ObjectKey> {
    for (const binding of this.#ports.objects.ofKind('ApiBinding')) {
      if (namespace !== undefined && binding.metadata.namespace !== namespace) continue;
      const { targetRefs } = Object(binding['spec']) as { targetRefs?: readonly { kind?: unknown; name?: unknown }[] };
      const isBound = targetRefs?.some((each) => each.kind === kind && (name === undefined || each.name === name));
      if (isBound === true) yield keyOfObject(binding);
    }
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
