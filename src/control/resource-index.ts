import type { Ownership, Resource, ResourceKey } from '../registry/log.ts';
import { SetsByKey } from '../sync/sets-by-key.ts';
import { factsOf, FIELDS } from './facts.ts';
import type { Facts } from './facts.ts';
import { PlaceIndex } from './places/place-index.ts';

const OWNER_OF_API = (FIELDS['Api'] ?? []).indexOf('metadata.owner');

/** A resource without its document. */
export interface Entry extends ResourceKey, Ownership {
  readonly revision: number;
  readonly createdRevision: number;
  readonly at: number;
  readonly set: string;
  readonly facts: Facts;
}

/** All resources as of one revision, in memory: sorted, and by what they hold and refer to. Documents stay in the database. */
export class ResourceIndex {
  /** By {@link groupOf}, and then by name. */
  readonly #byName = new Map<string, Map<string, Entry>>();
  readonly #byTerm = new SetsByKey<Entry>();
  /** By the text of the key that they name. */
  readonly #byReference = new SetsByKey<Entry>();
  /** By kind, each sorted by namespace and name. */
  readonly #byKind = new Map<string, Entry[]>();
  readonly #texts = new Map<string, string>();
  /** Where APIs are. */
  readonly places = new PlaceIndex();
  #teamsVersion = 0;

  /** Adds resources that are not there, in any order. Call {@link sort} when all are added. */
  load(resources: readonly Resource[]): void {
    for (const resource of resources) {
      const entry = this.#entryOf(resource);
      this.#link(entry, resource);
      const kind = this.#byKind.get(entry.kind);
      if (kind === undefined) this.#byKind.set(entry.kind, [entry]);
      else kind.push(entry);
    }
  }

  sort(): void {
    for (const entries of this.#byKind.values()) entries.sort(compareKeys);
  }

  put(resource: Resource): void {
    this.remove(resource);
    const entry = this.#entryOf(resource);
    this.#link(entry, resource);
    let kind = this.#byKind.get(entry.kind);
    if (kind === undefined) this.#byKind.set(entry.kind, (kind = []));
    kind.splice(placeOf(kind, entry), 0, entry);
  }

  remove(key: ResourceKey): void {
    const group = groupOf(key);
    const names = this.#byName.get(group);
    const entry = names?.get(key.name);
    if (names === undefined || entry === undefined) return;
    names.delete(key.name);
    if (names.size === 0) this.#byName.delete(group);
    for (const term of entry.facts.holds) this.#byTerm.delete(term, entry);
    for (const reference of entry.facts.refers) this.#byReference.delete(reference, entry);
    if (entry.kind === 'Api') this.places.remove(entry);
    const kind = this.#byKind.get(entry.kind);
    kind?.splice(placeOf(kind, entry), 1);
    if (entry.kind === 'Team') this.#teamsVersion += 1;
  }

  /** @param text of its key, as `Api shop/orders` */
  get(text: string): Entry | undefined {
    // Neither kinds nor namespaces have a slash in them.
    const slash = text.indexOf('/');
    return this.#byName.get(text.slice(0, slash))?.get(text.slice(slash + 1));
  }

  /** Those that hold what {@link Facts.holds} calls so. */
  holding(term: string): Iterable<Entry> {
    return this.#byTerm.get(term);
  }

  /** Those that name the resource of this key. */
  referring(text: string): Iterable<Entry> {
    return this.#byReference.get(text);
  }

  /** Those that name both. */
  *referringToBoth(text: string, other: string): Iterable<Entry> {
    const sets = this.#byReference;
    const [few, many] = sets.sizeOf(text) < sets.sizeOf(other) ? [text, other] : [other, text];
    for (const entry of sets.get(few)) if (sets.has(many, entry)) yield entry;
  }

  /** Another number whenever a Team has changed. */
  get teamsVersion(): number {
    return this.#teamsVersion;
  }

  /** Sorted by namespace and name. */
  ofKind(kind: string): readonly Entry[] {
    return this.#byKind.get(kind) ?? [];
  }

  kinds(): readonly string[] {
    return [...this.#byKind.keys()].toSorted();
  }

  #entryOf(resource: Resource): Entry {
    const { kind, namespace, name, revision, createdRevision, at, owner, source, set, document } = resource;
    const share = (text: string): string => this.#shared(text);
    const entry = {
      kind: share(kind),
      namespace: share(namespace),
      name,
      revision,
      createdRevision,
      at,
      owner,
      set: share(set),
      facts: factsOf(resource, document, share),
    };
    return source === undefined ? entry : { ...entry, source: share(source) };
  }

  #link(entry: Entry, { document }: Resource): void {
    const group = groupOf(entry);
    const names = this.#byName.get(group);
    if (names === undefined) this.#byName.set(group, new Map([[entry.name, entry]]));
    else names.set(entry.name, entry);
    if (entry.kind === 'Team') this.#teamsVersion += 1;
    for (const term of entry.facts.holds) this.#byTerm.add(term, entry);
    for (const reference of entry.facts.refers) this.#byReference.add(reference, entry);
    if (entry.kind === 'Api') this.places.put(entry, entry.facts.fields[OWNER_OF_API], document);
  }

  /** Names that recur are kept once. Never forgotten: there are about as many as resources. */
  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}

/** As the text of a key begins. */
function groupOf({ kind, namespace }: Pick<ResourceKey, 'kind' | 'namespace'>): string {
  return `${kind} ${namespace}`;
}

/** By kind, namespace and name, byte by byte. */
export function compareKeys(a: ResourceKey, b: ResourceKey): number {
  return order(a.kind, b.kind) || order(a.namespace, b.namespace) || order(a.name, b.name);
}

/** Where the key is or would be. */
export function placeOf(sorted: readonly ResourceKey[], key: ResourceKey): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = sorted[middle];
    if (at !== undefined && compareKeys(at, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
