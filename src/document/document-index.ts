import { Claims } from './claims.ts';
import type { DocumentSet } from './document-set.ts';
import type { Faults } from './fault.ts';
import { addIssues, whereIs } from './load.ts';
import type { Loaded } from './load.ts';
import { DEFAULT_NAMESPACE, metadataOf, qualifiedName } from './names.ts';
import { didYouMean } from '../nearest.ts';
import type { Kind } from './schema.ts';

/** How many names are compared with misspelt ones, all together: about half a second of work. */
const MAX_COMPARED = 500_000;

/** What a set of documents has changed. */
export class Changes {
  readonly upserted: Loaded[] = [];
  readonly removed: Loaded[] = [];

  upserts<K extends Kind>(kind: K): readonly Loaded<K>[] {
    return this.upserted.filter((loaded): loaded is Loaded<K> => loaded.document.kind === kind);
  }

  removals<K extends Kind>(kind: K): readonly Loaded<K>[] {
    return this.removed.filter((loaded): loaded is Loaded<K> => loaded.document.kind === kind);
  }

  touches(kind: Kind): boolean {
    const isOfKind = ({ document }: Loaded): boolean => document.kind === kind;
    return this.upserted.some(isOfKind) || this.removed.some(isOfKind);
  }
}

/** The documents by kind and qualified name. If two have the same name, the later one is a fault and is left out. */
export class DocumentIndex {
  readonly #byKind = new Map<string, Map<string, Loaded>>();
  readonly #broken = new Map<string, Set<string>>();
  readonly #twins = new Claims<Loaded>();
  #compared = 0;

  /** Takes over a set, and returns which documents have changed. */
  take(set: DocumentSet): Changes {
    const changes = new Changes();
    this.#compared = 0;
    if (!set.complete) {
      for (const { kind, name } of set.removals) this.#remove(kind, name, changes);
      // If several documents have one name, the last one counts.
      const latest = new Map(set.upserts.map((loaded) => [keyOf(loaded), loaded]));
      for (const loaded of latest.values()) {
        const name = qualifiedName(loaded.document.metadata);
        this.#remove(loaded.document.kind, name, changes);
        this.#named(loaded.document.kind).set(name, loaded);
        changes.upserted.push(loaded);
      }
      return changes;
    }
    for (const loaded of set.documents) this.#add(loaded, changes);
    for (const { kind, name, value } of set.broken) {
      let names = this.#broken.get(kind);
      if (names === undefined) this.#broken.set(kind, (names = new Set()));
      if (name !== undefined) names.add(qualifiedName({ ...metadataOf(value), name }));
    }
    return changes;
  }

  all<K extends Kind>(kind: K): Iterable<Loaded<K>> {
    return this.#named(kind).values() as Iterable<Loaded<K>>;
  }

  *every(): Iterable<Loaded> {
    for (const named of this.#byKind.values()) yield* named.values();
  }

  any(kind: Kind): boolean {
    return this.#named(kind).size > 0;
  }

  get(kind: Kind, name: string): Loaded | undefined {
    return this.#named(kind).get(name);
  }

  has(kind: Kind, name: string): boolean {
    return this.#named(kind).has(name);
  }

  /**
   * The fault of a reference that leads nowhere; undefined if it leads to a document that has faults itself.
   * @param mayCross whether it may be written with a namespace
   */
  dangling(kind: Kind, name: string, mayCross = false): string | undefined {
    if (this.#broken.get(kind)?.has(name) === true) return undefined;
    const names = this.#named(kind);
    this.#compared += names.size;
    if (this.#compared > MAX_COMPARED) return `there is no ${kind} of this name`;
    const local = name.slice(name.indexOf('/') + 1);
    for (const other of names.keys()) {
      if (other !== local && !other.endsWith(`/${local}`)) continue;
      const written = other.includes('/') ? other : `${DEFAULT_NAMESPACE}/${other}`;
      const remedy = mayCross ? `; write ${JSON.stringify(written)} if that is meant` : '';
      return `there is no ${kind} of this name in this namespace; ${JSON.stringify(other)} is of another one${remedy}`;
    }
    return `there is no ${kind} of this name${didYouMean(name, names.keys())}`;
  }

  /** Whether some document of the kind could not be read. */
  anyBroken(kind: Kind): boolean {
    return this.#broken.has(kind);
  }

  tellFaults(faults: Faults): void {
    for (const { claimant, holder } of this.#twins.contested()) {
      const message = `another ${claimant.document.kind} has this name: ${whereIs(holder)}`;
      addIssues(faults, claimant.place, [{ path: ['metadata', 'name'], at: 'value', message }]);
      faults.addRival(holder.place);
    }
  }

  #add(loaded: Loaded, changes: Changes): void {
    const { kind, metadata } = loaded.document;
    const name = qualifiedName(metadata);
    const named = this.#named(kind);
    const first = named.get(name);
    if (first === undefined) {
      named.set(name, loaded);
      changes.upserted.push(loaded);
    } else {
      const key = keyOf(loaded);
      if (this.#twins.holder(key) === undefined) this.#twins.claim(key, first);
      this.#twins.claim(key, loaded);
    }
  }

  #remove(kind: Kind, name: string, changes: Changes): void {
    const named = this.#named(kind);
    const loaded = named.get(name);
    if (loaded === undefined) return;
    named.delete(name);
    changes.removed.push(loaded);
  }

  #named(kind: Kind): Map<string, Loaded> {
    let named = this.#byKind.get(kind);
    if (named === undefined) this.#byKind.set(kind, (named = new Map()));
    return named;
  }
}

function keyOf({ document: { kind, metadata } }: Loaded): string {
  return `${kind} ${qualifiedName(metadata)}`;
}
