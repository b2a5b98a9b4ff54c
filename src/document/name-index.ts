import { formatFault } from './fault.ts';
import { addIssues } from './load.ts';
import type { Loaded, LoadedDocuments } from './load.ts';
import { didYouMean } from '../nearest.ts';
import type { Kind } from './schema.ts';

/** Names that are held against misspelt ones, all together: about half a second's worth. */
const MAX_COMPARED = 500_000;

/** The documents by kind and name. Where two have the same name, the later one is a fault and is left out. */
export class NameIndex {
  readonly #byKind = new Map<string, Map<string, Loaded>>();
  readonly #broken = new Map<string, Set<string>>();
  #compared = 0;

  constructor({ documents, broken, faults }: LoadedDocuments) {
    for (const loaded of documents) {
      const { kind, metadata } = loaded.document;
      const named = this.#named(kind);
      const first = named.get(metadata.name);
      if (first === undefined) {
        named.set(metadata.name, loaded);
      } else {
        const message = `another ${kind} has this name: ${whereIs(first)}`;
        addIssues(faults, loaded.place, [{ path: ['metadata', 'name'], at: 'value', message }]);
      }
    }
    for (const { kind, name } of broken) {
      let names = this.#broken.get(kind);
      if (names === undefined) this.#broken.set(kind, (names = new Set()));
      if (name !== undefined) names.add(name);
    }
  }

  all<K extends Kind>(kind: K): Iterable<Loaded<K>> {
    return this.#named(kind).values() as Iterable<Loaded<K>>;
  }

  has(kind: Kind, name: string): boolean {
    return this.#named(kind).has(name);
  }

  /** What to say of a reference that leads nowhere; undefined where it leads to a document with faults of its own. */
  dangling(kind: Kind, name: string): string | undefined {
    if (this.#broken.get(kind)?.has(name) === true) return undefined;
    const names = this.#named(kind);
    this.#compared += names.size;
    const meant = this.#compared > MAX_COMPARED ? '' : didYouMean(name, names.keys());
    return `there is no ${kind} of this name${meant}`;
  }

  /** Whether some document of the kind could not be read. */
  anyBroken(kind: Kind): boolean {
    return this.#broken.has(kind);
  }

  #named(kind: Kind): Map<string, Loaded> {
    let named = this.#byKind.get(kind);
    if (named === undefined) this.#byKind.set(kind, (named = new Map()));
    return named;
  }
}

/** `file:line:column` of a document. */
export function whereIs({ place }: Loaded): string {
  const position = place.source.lineColumn(place.start);
  return formatFault({ file: place.source.file, ...position, field: '', message: '' });
}
