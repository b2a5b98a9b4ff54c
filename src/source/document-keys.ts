import type { DocumentKey } from '../document/document-set.ts';
import { qualifiedName } from '../document/names.ts';
import type { Loaded } from '../document/load.ts';

/** By {@link keyOf}. */
export type Documents = ReadonlyMap<string, Loaded>;

export function keyOf({ document: { kind, metadata } }: Loaded): string {
  return keyFor(kind, qualifiedName(metadata));
}

export function keyFor(kind: string, name: string): string {
  return `${kind} ${name}`;
}

/** What {@link keyFor} has made. */
export function keyFrom(key: string): DocumentKey {
  const space = key.indexOf(' ');
  return { kind: key.slice(0, space) as DocumentKey['kind'], name: key.slice(space + 1) };
}
