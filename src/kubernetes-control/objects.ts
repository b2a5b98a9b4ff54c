import { GROUP, objectKinds, OBJECT_KINDS, VERSION } from '../crd/kinds.ts';
import type { ObjectKind } from '../crd/kinds.ts';
import type { Cluster } from '../kubernetes/connection.ts';
import { Informer } from '../kubernetes/informer.ts';
import type { InformerPorts, InformerState, InformerTimes } from '../kubernetes/informer.ts';
import type { ObjectChange } from '../kubernetes/known.ts';
import type { KubernetesObject, ObjectMeta } from '../kubernetes/object.ts';
import type { ResourceType } from '../kubernetes/resource-type.ts';
import type { ObjectKey } from './object-key.ts';

export interface ObjectsOptions {
  readonly cluster: Pick<Cluster, 'list' | 'watch'>;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly believe: () => Promise<void>;
  /** The object is another, or gone. A change of its status alone counts too. */
  onChange(key: ObjectKey, change: ObjectChange<KubernetesObject>): void;
  /** All objects of a kind are known. */
  onSynced(kind: ObjectKind): void;
  onState(what: string, state: InformerState): void;
  readonly times?: Partial<InformerTimes>;
}

/** All objects of our kinds in the namespaces that are followed. */
export class Objects {
  readonly #options: ObjectsOptions;
  readonly #informers = new Map<ObjectKind, readonly Informer<KubernetesObject>[]>();

  constructor(options: ObjectsOptions, ports: InformerPorts) {
    this.#options = options;
    const { cluster, namespaces, believe } = options;
    for (const kind of OBJECT_KINDS) {
      const type = typeOfKind(kind);
      const followed = namespaces.length === 0 ? [undefined] : namespaces;
      const informers = followed.map(
        (namespace) =>
          new Informer<KubernetesObject>(
            {
              cluster,
              type,
              namespace,
              believe,
              keep: withoutManagers,
              onChange: (change) =>
                options.onChange({ kind, namespace: change.name.namespace ?? '', name: change.name.name }, change),
              onSynced: () => this.#synced(kind),
              onState: (state) => options.onState(type.plural, state),
              ...(options.times !== undefined && { times: options.times }),
            },
            ports,
          ),
      );
      this.#informers.set(kind, informers);
    }
  }

  start(): void {
    for (const informers of this.#informers.values()) for (const informer of informers) informer.start();
  }

  get(key: ObjectKey): KubernetesObject | undefined {
    const text = `${key.namespace}/${key.name}`;
    for (const informer of this.#informers.get(key.kind as ObjectKind) ?? []) {
      const found = informer.objects.get(text);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  *ofKind(kind: ObjectKind): Iterable<KubernetesObject> {
    for (const informer of this.#informers.get(kind) ?? []) yield* informer.objects.values();
  }

  isSynced(kind: ObjectKind): boolean {
    return (this.#informers.get(kind) ?? []).every(({ state }) => state.isSynced);
  }

  /** Whether objects of the namespace are followed. */
  isFollowed(namespace: string): boolean {
    const { namespaces } = this.#options;
    return namespaces.length === 0 || namespaces.includes(namespace);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#informers.values()].flat().map((informer) => informer.close()));
  }

  #synced(kind: ObjectKind): void {
    if (this.isSynced(kind)) this.#options.onSynced(kind);
  }
}

export function typeOfKind(kind: ObjectKind): ResourceType {
  return { group: GROUP, version: VERSION, plural: objectKinds[kind].plural, kind, isNamespaced: true };
}

/** Who manages which field is half of an object, and of no use here. */
function withoutManagers(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, annotations, ...metadata } = object.metadata as ObjectMeta & { managedFields?: unknown };
  const { 'kubectl.kubernetes.io/last-applied-configuration': __, ...rest } = annotations ?? {};
  return { ...object, metadata: { ...metadata, ...(Object.keys(rest).length > 0 && { annotations: rest }) } };
}

/** Whether two objects say the same, whatever is said of them. */
export function isSameButStatus({ metadata: one }: KubernetesObject, { metadata: other }: KubernetesObject): boolean {
  const marks = ({ uid, generation, labels, annotations }: KubernetesObject['metadata']): string =>
    JSON.stringify([uid, generation, labels, annotations]);
  return marks(one) === marks(other);
}
