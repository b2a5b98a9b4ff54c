import type { Catalogue, Entry } from './catalogue.ts';
import { membershipOf } from './membership.ts';
import type { Membership } from './membership.ts';
import { StateHash } from './resource-key.ts';
import type { Scope } from './scope.ts';

/** How many keys of what has changed a view remembers. */
const MOST_RECENT = 20_000;

interface RecentChange {
  /** The revision that it led to. */
  readonly to: number;
  readonly keys: readonly string[];
}

/** What sidecars of one scope see of the catalogue, and what of it has changed lately. */
export class View {
  readonly scope: Scope;
  readonly #catalogue: Catalogue;
  readonly #isMember: Membership;
  readonly #members = new Map<string, Entry>();
  readonly #hash = new StateHash();
  readonly #recent: RecentChange[] = [];
  #recentKeys = 0;
  /** Changes after this revision are remembered. */
  #floor: number;
  /** The latest revision that changed anything here, as far as it is known. */
  #changedAt: number;
  readonly #listeners = new Set<() => void>();

  /** @param revision of the catalogue as it is */
  constructor(scope: Scope, catalogue: Catalogue, revision: number) {
    this.scope = scope;
    this.#catalogue = catalogue;
    this.#isMember = membershipOf(scope, catalogue);
    for (const entry of catalogue.entries()) if (this.#isMember(entry)) this.#put(entry);
    this.#floor = this.#changedAt = revision;
  }

  get stateHash(): bigint {
    return this.#hash.value;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Whoever has all up to here has all that there is. */
  get changedAt(): number {
    return this.#changedAt;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  get(key: string): Entry | undefined {
    return this.#members.get(key);
  }

  /** May be iterated while it changes: what changes meanwhile is told by {@link keysSince}. */
  members(): Iterable<Entry> {
    return this.#members.values();
  }

  /** The catalogue has come to a revision, by changes that touch these keys. */
  advance(touched: Iterable<string>, to: number): void {
    const keys: string[] = [];
    for (const key of touched) {
      const before = this.#members.get(key);
      const entry = this.#catalogue.get(key);
      const after = entry !== undefined && this.#isMember(entry) ? entry : undefined;
      if (before === after) continue;
      if (before !== undefined) this.#drop(before);
      if (after !== undefined) this.#put(after);
      keys.push(key);
    }
    if (keys.length === 0) return;
    this.#changedAt = to;
    this.#recent.push({ to, keys });
    this.#recentKeys += keys.length;
    while (this.#recentKeys > MOST_RECENT) {
      const oldest = this.#recent.shift();
      if (oldest === undefined) break;
      this.#recentKeys -= oldest.keys.length;
      this.#floor = oldest.to;
    }
    for (const listener of this.#listeners) listener();
  }

  /** The keys that have changed after a revision; undefined: that is no longer remembered. */
  keysSince(revision: number): ReadonlySet<string> | undefined {
    if (revision < this.#floor) return undefined;
    const keys = new Set<string>();
    for (let at = this.#recent.length - 1; at >= 0; at--) {
      const change = this.#recent[at] as RecentChange;
      if (change.to <= revision) break;
      for (const key of change.keys) keys.add(key);
    }
    return keys;
  }

  /** Called when something here has changed. @returns what ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #put(entry: Entry): void {
    this.#members.set(entry.key, entry);
    this.#hash.add(entry, entry.revision);
  }

  #drop(entry: Entry): void {
    this.#members.delete(entry.key);
    this.#hash.remove(entry, entry.revision);
  }
}
