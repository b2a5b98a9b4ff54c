import { LABEL_NAME } from './secret-ref.ts';

/** How documents of a cluster are told from those of others. */
export interface ClusterNames {
  /** Of the flag `--cluster-name`; undefined: namespaces are called at the control plane as they are in the cluster. */
  readonly cluster: string | undefined;
}

/** The namespace of the documents that are made of the objects of a namespace: `east.shop`. */
export function documentNamespace(namespace: string, { cluster }: ClusterNames): string {
  return cluster === undefined ? namespace : `${cluster}.${namespace}`;
}

/** The namespace of this cluster that documents of a namespace are made of; undefined: there is none. */
export function objectNamespace(namespace: string, { cluster }: ClusterNames): string | undefined {
  const prefix = cluster === undefined ? '' : `${cluster}.`;
  if (!namespace.startsWith(prefix)) return undefined;
  const name = namespace.slice(prefix.length);
  return name.length <= 63 && LABEL_NAME.test(name) ? name : undefined;
}

/**
 * The name of the document that a Contract becomes in the namespace of another's API. No object has "_" in its name, so
 * none there has this one.
 */
export function foreignContractName(namespace: string, name: string): string {
  return `${namespace}_${name}`;
}

/** `NAMESPACE/NAME`, or a name alone. */
export function splitReference(reference: string): { readonly namespace: string | undefined; readonly name: string } {
  const slash = reference.indexOf('/');
  if (slash < 0) return { namespace: undefined, name: reference };
  return { namespace: reference.slice(0, slash), name: reference.slice(slash + 1) };
}
