import { isRecord } from './load.ts';
import type { Document } from './schema.ts';

/** Documents that name no namespace are in this one. It is left out of names that counters, metrics and routes see. */
export const DEFAULT_NAMESPACE = 'default';

/** Its bindings may select the APIs of every namespace, and its references may lead to any of them. */
export const PLATFORM_NAMESPACE = 'platform';

type Metadata = Document['metadata'];

export function namespaceOf({ namespace }: Metadata): string {
  return namespace ?? DEFAULT_NAMESPACE;
}

/** `orders`, or `shop/orders` for one of another namespace than the default: unique among the documents of a kind. */
export function qualifiedName(metadata: Metadata): string {
  return qualify(namespaceOf(metadata), metadata.name);
}

/**
 * What a reference means: a name of the document's own namespace. The platform's documents may write `namespace/name`.
 */
export function resolveReference(metadata: Metadata, reference: string): Resolved {
  const own = namespaceOf(metadata);
  return own === PLATFORM_NAMESPACE ? resolveAnywhere(own, reference) : { namespace: own, name: reference };
}

/**
 * What `spec.clientApplication` of a contract means. A contract lies in the namespace of its API; the application may be
 * another team's, and is then written `namespace/name`. No other reference leads out of a namespace.
 */
export function resolveClient(metadata: Metadata, reference: string): Resolved {
  return resolveAnywhere(namespaceOf(metadata), reference);
}

interface Resolved {
  readonly namespace: string;
  readonly name: string;
}

function resolveAnywhere(own: string, reference: string): Resolved {
  const slash = reference.indexOf('/');
  if (slash < 0) return { namespace: own, name: reference };
  return { namespace: reference.slice(0, slash), name: reference.slice(slash + 1) };
}

/** The qualified name that a reference means: see {@link resolveReference}. */
export function referenceFrom(metadata: Metadata, reference: string): string {
  const { namespace, name } = resolveReference(metadata, reference);
  return qualify(namespace, name);
}

/** The qualified name that `spec.clientApplication` of a contract means: see {@link resolveClient}. */
export function clientFrom(metadata: Metadata, reference: string): string {
  const { namespace, name } = resolveClient(metadata, reference);
  return qualify(namespace, name);
}

/** No document has a slash in its name: one that a reference has must not be taken for the end of a namespace. */
function qualify(namespace: string, name: string): string {
  return namespace === DEFAULT_NAMESPACE && !name.includes('/') ? name : `${namespace}/${name}`;
}

/** The name of a document that its schema refuses, as far as it can be read. */
export function metadataOf(value: Readonly<Record<string, unknown>>): Metadata {
  const { metadata } = value;
  const namespace = isRecord(metadata) ? metadata['namespace'] : undefined;
  return { name: '', ...(typeof namespace === 'string' && { namespace }) };
}

/** A document without what it says to people and tools alone: what the version of the documents covers. */
export function withoutProse(document: Document): object {
  const { name, labels } = document.metadata;
  return { ...document, metadata: { name, labels } };
}
