import type { KubernetesObject } from '../kubernetes/object.ts';

/** Which object: of our kinds, and all are of a namespace. */
export interface ObjectKey {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** `Api/shop/orders`. */
export function objectText({ kind, namespace, name }: ObjectKey): string {
  return `${kind}/${namespace}/${name}`;
}

/** @param text of {@link objectText} */
export function objectKeyFrom(text: string): ObjectKey {
  const [kind = '', namespace = '', name = ''] = text.split('/');
  return { kind, namespace, name };
}

export function keyOfObject({ kind, metadata }: KubernetesObject): ObjectKey {
  return { kind, namespace: metadata.namespace ?? '', name: metadata.name };
}

/** Where the log says that a resource is kept: the cluster's name and the object's. */
export function sourceOf(cluster: string | undefined, key: ObjectKey): string {
  return sourcePrefix(cluster) + objectText(key);
}

/** What the sources of a cluster begin with. */
export function sourcePrefix(cluster: string | undefined): string {
  return `${cluster ?? 'cluster'}/`;
}

/** @returns undefined: it is of another cluster */
export function keyOfSource(cluster: string | undefined, source: string): ObjectKey | undefined {
  const prefix = sourcePrefix(cluster);
  const parts = source.slice(prefix.length).split('/');
  return source.startsWith(prefix) && parts.length === 3 ? objectKeyFrom(parts.join('/')) : undefined;
}
