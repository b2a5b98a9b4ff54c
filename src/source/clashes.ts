import type { CompleteSet } from '../document/document-set.ts';
import { Faults } from '../document/fault.ts';
import { addIssues } from '../document/load.ts';
import type { BrokenDocument, Loaded } from '../document/load.ts';
import { qualifiedName } from '../document/names.ts';
import { keyOf } from './document-keys.ts';

export interface Fitting extends Pick<CompleteSet, 'documents' | 'broken' | 'faults'> {
  /** Keys of those that have the name of one of the control plane's. */
  readonly clashing: readonly string[];
}

/**
 * Takes the documents out that have the kind and name of one of the others', each with a fault at its file: neither takes the
 * place of the other.
 * @param unread what the other source could not read
 */
export function withoutClashes(
  { broken, documents, faults }: CompleteSet,
  unread: Pick<CompleteSet, 'broken' | 'faults'>,
  others: ReadonlyMap<string, Loaded>,
): Fitting {
  const all = new Faults();
  const both = [...broken, ...unread.broken];
  for (const { places } of [faults, unread.faults]) for (const place of places) all.blame(place);
  for (const fault of [...faults.sorted(), ...unread.faults.sorted()]) all.add(() => fault);
  const clashing = documents.filter((loaded) => others.has(keyOf(loaded)));
  if (clashing.length === 0) return { documents, broken: [], clashing: [], faults: all };
  for (const { place, document } of clashing) {
    const { kind, metadata } = document;
    const name = qualifiedName(metadata);
    const message = `the control plane has a ${kind} of this name, which stays: delete this one if it has moved there, give it another name, or delete that one (ostiary delete)`;
    // A broken document of that name has told already.
    if (!both.some((other) => other.place === place)) {
      addIssues(all, place, [{ path: ['metadata', 'name'], at: 'value', message: `${name}: ${message}` }]);
    }
  }
  const keys = clashing.map(keyOf);
  return {
    documents: documents.filter((loaded) => !others.has(keyOf(loaded))),
    broken: clashing.map(brokenOf),
    clashing: keys,
    faults: all,
  };
}

/** As a document that its schema refuses: what was in force of its file stays. */
function brokenOf({ place, document }: Loaded): BrokenDocument {
  const { kind, metadata } = document;
  return { place, kind, name: metadata.name, value: { ...document } };
}
