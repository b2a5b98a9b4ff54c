import type { CompleteSet } from '../document/document-set.ts';
import type { Place } from '../document/load.ts';
import { metadataOf, qualifiedName } from '../document/names.ts';
import { readBroken } from './broken-documents.ts';
import { keyFor, keyOf } from './document-keys.ts';

/** Kinds of which none is an API, or decides about one that it does not name. */
const UNBOUND = /^(?:Contract|ClientApplication|Alert|Webhook|Team|Specification|Secret) /;

/** What of a delivery nobody knows: files that can't be read, and documents that their schema refuses. */
export interface Unread {
  /** Whether a document stands in such a file. */
  has(place: Place): boolean;
  /** Whether a document that is in force is such a one, or stood in such a file. */
  hasKept(key: string, place: Place): boolean;
  /** Whether a document of this name stands in such a file, sound or not. */
  mayHave(key: string): boolean;
  /** Whether an API may stand in such a file that is not known, or is one under another name. */
  mayBeNewApi(isGood: (key: string) => boolean): boolean;
  /** Whether it may be a policy that is bound to any API, or an API in the place of one. @param isGood whether a document of this key is in force */
  mayBeForAnyApi(isGood: (key: string) => boolean): boolean;
}

/**
 * To be asked before the set is compiled, which adds faults of another kind.
 * @returns undefined if it can't be said what is unread, such as a folder that is not there
 */
export function unreadOf({ broken, documents, faults, sources, unknown = [] }: CompleteSet): Unread | undefined {
  const files = new Set<string>();
  const keys = new Set<string>();
  for (const { place, kind, name, value } of broken) {
    if (!('resource' in place)) files.add(place.source.file);
    else if (name === undefined) return undefined;
    else keys.add(keyFor(kind, qualifiedName({ ...metadataOf(value), name })));
  }
  if (!faults.none) {
    const found = new Set(sources);
    for (const { file } of faults.sorted()) {
      if (found.has(file)) files.add(file);
      else if (keys.size === 0) return undefined;
    }
  }
  const stands = (place: Place): boolean => !('resource' in place) && files.has(place.source.file);
  const written = new Set(documents.filter(({ place }) => stands(place)).map(keyOf));
  let mayBeAny = unknown.length > 0;
  for (const document of broken.map(readBroken)) {
    if (document === undefined) mayBeAny = true;
    else written.add(keyFor(document.kind, qualifiedName(document.metadata)));
  }
  return {
    mayBeNewApi: (isGood) => mayBeAny || [...written].some((key) => key.startsWith('Api ') && !isGood(key)),
    mayHave: (key) => written.has(key),
    has: stands,
    hasKept: (key, place) => keys.has(key) || stands(place),
    mayBeForAnyApi: (isGood) => files.size > 0 || [...keys].some((key) => !UNBOUND.test(key) && !isGood(key)),
  };
}
