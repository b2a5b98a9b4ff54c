import type { Owner, Resource, ResourceKey } from '../registry/log.ts';
import { keyText } from '../registry/conflict.ts';
import { factsOf } from './facts.ts';
import type { Facts } from './facts.ts';

/** A resource without its document. */
export interface Entry extends ResourceKey {
  readonly revision: number;
  readonly createdRevision: number;
  readonly at: number;
  readonly owner: Owner;
  readonly set: string;
  readonly facts: Facts;
}

/** All resources as of one revision, in memory: sorted, and by what they hold and refer to. Documents stay in the database. */
export class ResourceIndex {
  readonly #byKey = new Map<string, Entry>();
  readonly #byTerm = new Map<string, Set<Entry>>();
  /** By kind, each sorted by namespace and name. */
  readonly #byKind = new Map<string, Entry[]>();
  readonly #texts = new Map<string, string>();

  /** Adds resources that are not there, in any order. Call {@link sort} when all are added. */
  load(resources: readonly Resource[]): void {
    for (const resource of resources) {
      const entry = this.#entryOf(resource);
      this.#link(entry);
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
    this.#link(entry);
    let kind = this.#byKind.get(entry.kind);
    if (kind === undefined) this.#byKind.set(entry.kind, (kind = []));
    kind.splice(placeOf(kind, entry), 0, entry);
  }

  remove(key: ResourceKey): void {
    const text = keyText(key);
    const entry = this.#byKey.get(text);
    if (entry === undefined) return;
    this.#byKey.delete(text);
    for (const term of termsOf(entry)) {
      const holders = this.#byTerm.get(term);
      holders?.delete(entry);
      if (holders?.size === 0) this.#byTerm.delete(term);
    }
    const kind = this.#byKind.get(entry.kind);
    kind?.splice(placeOf(kind, entry), 1);
  }

  get(text: string): Entry | undefined {
    return this.#byKey.get(text);
  }

  /** Those that hold what {@link Facts.holds} calls so. */
  holding(term: string): Iterable<Entry> {
    return this.#byTerm.get(term) ?? [];
  }

  /** Those that name the resource of this key. */
  referring(text: string): ReadonlySet<Entry> {
    return this.#byTerm.get(referenceTo(text)) ?? new Set();
  }

  /** Sorted by namespace and name. */
  ofKind(kind: string): readonly Entry[] {
    return this.#byKind.get(kind) ?? [];
  }

  kinds(): readonly string[] {
    return [...this.#byKind.keys()].toSorted();
  }

  #entryOf(resource: Resource): Entry {
    const { kind, namespace, name, revision, createdRevision, at, owner, set, document } = resource;
    const share = (text: string): string => this.#shared(text);
    return {
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
  }

  #link(entry: Entry): void {
    this.#byKey.set(keyText(entry), entry);
    for (const term of termsOf(entry)) {
      const holders = this.#byTerm.get(term);
      if (holders === undefined) this.#byTerm.set(term, new Set([entry]));
      else holders.add(entry);
    }
  }

  /** Names that recur are kept once. Never forgotten: there are about as many as resources. */
  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
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

function termsOf({ facts }: Entry): readonly string[] {
  return facts.refers.length === 0 ? facts.holds : [...facts.holds, ...facts.refers.map(referenceTo)];
}

function referenceTo(text: string): string {
  return `→ ${text}`;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
