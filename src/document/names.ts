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
 * The qualified name that a reference means: a name of the document's own namespace. The platform's documents may
 * write `namespace/name`.
 */
export function referenceFrom(metadata: Metadata, reference: string): string {
  const own = namespaceOf(metadata);
  if (own !== PLATFORM_NAMESPACE) return qualify(own, reference);
  const slash = reference.indexOf('/');
  if (slash < 0) return qualify(own, reference);
  return qualify(reference.slice(0, slash), reference.slice(slash + 1));
}

function qualify(namespace: string, name: string): string {
  return namespace === DEFAULT_NAMESPACE ? name : `${namespace}/${name}`;
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
