import { isRecord } from '../document/load.ts';
import type { ResourceKey } from '../registry/log.ts';
import type { EventSubject } from './event.ts';

/** What is known around a change, as of now: names for people, and whom it concerns. */
export interface Surroundings {
  /** Tells the log from others whose revisions have the same numbers. */
  readonly history: string;
  /** The document of a resource that a change refers to; undefined: it is not there any more. */
  document(key: ResourceKey): unknown;
  /** The team that a resource belongs to. @param document of one that may not be there any more */
  teamOf(key: ResourceKey, document?: unknown): string;
  /** The teams whose applications have a contract with an API, or wait for one. */
  callersOf(api: ResourceKey): readonly string[];
}

/** What the contracts of a control plane say, which knows how they are read. */
export interface ContractReading {
  /** @param api the document of its API; undefined: there is none */
  statusOf(contract: unknown, api: unknown): string;
}

/** A value inside a document, by a path such as `spec.api`. */
export function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const part of path.split('.')) value = isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value;
}

export function textAt(document: unknown, path: string): string | undefined {
  const value = valueAt(document, path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What a reference of a contract means: `NAME`, or `NAMESPACE/NAME`. */
export function keyReferred(kind: string, namespace: string, reference: string | undefined): ResourceKey | undefined {
  if (reference === undefined) return undefined;
  const slash = reference.indexOf('/');
  if (slash < 0) return { kind, namespace, name: reference };
  return { kind, namespace: reference.slice(0, slash), name: reference.slice(slash + 1) };
}

export function subjectOf({ kind, namespace, name }: ResourceKey, document: unknown): EventSubject {
  const displayName = textAt(document, 'metadata.displayName');
  return { kind, namespace, name, ...(displayName !== undefined && { displayName }) };
}

/** `Web shop (shop/web-shop)`, or `shop/web-shop` where it has no other name. */
export function titleOf({ namespace, name }: ResourceKey, document: unknown): string {
  const own = namespace === 'default' || namespace === '' ? name : `${namespace}/${name}`;
  const displayName = textAt(document, 'metadata.displayName');
  return displayName === undefined ? own : `${displayName} (${own})`;
}

/** Of whoever did something, for a sentence. */
export function whoText(actor: string): string {
  return actor.replace(/^user:/, '');
}
