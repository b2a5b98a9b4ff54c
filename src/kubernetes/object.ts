/** What every object of a cluster has. Other fields are read loosely: whoever reads them knows what they are. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface ObjectMeta {
  readonly name: string;
  /** Absent: the object is of the whole cluster. */
  readonly namespace?: string;
  /** Another object of the same name has another. */
  readonly uid?: string;
  /** Of the last change of anything in it, its status included. */
  readonly resourceVersion?: string;
  /** Of the last change of what it should be: the status changes none. */
  readonly generation?: number;
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  /** Somebody has deleted it, and finalizers still hold it. */
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

/** The object goes with its owner, which is in the same namespace or of the whole cluster. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** One of the conditions of a status, as GEP-713 and the API conventions of Kubernetes have them. */
export interface Condition {
  /** Such as `Accepted`. */
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** The generation that it tells of. */
  readonly observedGeneration: number;
  /** RFC 3339: when `status` became what it is. */
  readonly lastTransitionTime: string;
  /** In CamelCase, for programs. */
  readonly reason: string;
  /** For people. */
  readonly message: string;
}

/** Which object of a type. */
export interface ObjectName {
  /** Absent: the type is of the whole cluster. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `namespace/name`, or the name of what is of the whole cluster. */
export function nameText({ namespace, name }: ObjectName): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
