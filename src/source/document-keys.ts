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
