import type { Change, Resource, ResourceKey } from '../registry/log.ts';
import { isForSidecars, withoutInformational } from '../document/informational.ts';
import { PLATFORM_NAMESPACE } from '../document/names.ts';
import { linksOf } from './links.ts';
import type { Links } from './links.ts';
import { keyText } from './resource-key.ts';
import type { SyncedResource } from './resource-key.ts';

/** A resource as it is held ready for sidecars. */
export interface Entry extends SyncedResource {
  readonly links: Links;
}

const NOTHING: ReadonlySet<string> = new Set();

class SetsByKey {
  readonly #sets = new Map<string, Set<string>>();

  get(key: string): ReadonlySet<string> {
    return this.#sets.get(key) ?? NOTHING;
  }

  sets(): Iterable<ReadonlySet<string>> {
    return this.#sets.values();
  }

  add(key: string, member: string): void {
    const set = this.#sets.get(key);
    if (set === undefined) this.#sets.set(key, new Set([member]));
    else set.add(member);
  }

  delete(key: string, member: string): void {
    const set = this.#sets.get(key);
    if (set?.delete(member) === true && set.size === 0) this.#sets.delete(key);
  }
}

/** What a resource is sent as. */
export type Opening = (resource: Resource) => unknown;

/** All resources of the log, and which of them refer to which. */
export class Catalogue {
  readonly #open: Opening;
  readonly #entries = new Map<string, Entry>();
  /** By key of what is referred to. */
  readonly #referrers = new SetsByKey();
  /** By namespace: its APIs. */
  readonly #apis = new SetsByKey();
  /** By namespace: its bindings and alerts that select APIs. */
  readonly #selecting = new SetsByKey();

  constructor(open: Opening = ({ document }) => document) {
    this.#open = open;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  put(resource: Resource): void {
    const key = keyText(resource);
    this.remove(key);
    const { kind, namespace, name, revision, createdRevision, document } = resource;
    if (!isForSidecars(kind)) return;
    const links = linksOf(resource, document);
    const text = JSON.stringify(withoutInformational(kind, this.#open(resource)));
    this.#entries.set(key, { key, kind, namespace, name, revision, createdRevision, text, links });
    for (const target of links.refersTo) this.#referrers.add(target, key);
    if (kind === 'Api') this.#apis.add(namespace, key);
    if (links.selects !== undefined) this.#selecting.add(namespace, key);
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const target of entry.links.refersTo) this.#referrers.delete(target, key);
    this.#apis.delete(entry.namespace, key);
    this.#selecting.delete(entry.namespace, key);
  }

  /** The resources that name this one. */
  referrersOf(key: string): Iterable<Entry> {
    return this.#all(this.#referrers.get(key));
  }

  /** The APIs of a namespace; those of every namespace where it is the platform's. */
  *apisFor(namespace: string): Iterable<Entry> {
    const sets = namespace === PLATFORM_NAMESPACE ? this.#apis.sets() : [this.#apis.get(namespace)];
    for (const apis of sets) yield* this.#all(apis);
  }

  /** The bindings and alerts that may select the APIs of a namespace. */
  *selectingFor(namespace: string): Iterable<Entry> {
    yield* this.#all(this.#selecting.get(namespace));
    if (namespace !== PLATFORM_NAMESPACE) yield* this.#all(this.#selecting.get(PLATFORM_NAMESPACE));
  }

  *#all(keys: Iterable<string>): Iterable<Entry> {
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) yield entry;
    }
  }

  /**
   * The keys whose place in some scope the changes may have moved: their own, and those of what depends on them as they
   * were or as they are. To be called when the changes are taken over.
   */
  touchedBy(changes: Iterable<Pick<Change, keyof ResourceKey | 'before'>>): ReadonlySet<string> {
    const touched = new Set<string>();
    const touchClients = (refersTo: readonly string[]): void => {
      for (const target of refersTo) {
        if (target.startsWith('Api\n')) continue;
        touched.add(target);
        // The Secrets of a webhook.
        if (target.startsWith('Webhook\n')) touchClients(this.get(target)?.links.refersTo ?? []);
      }
    };
    for (const { before, ...change } of changes) {
      const key = keyText(change);
      touched.add(key);
      if (before !== undefined) touchClients(linksOf(change, before.document).refersTo);
      touchClients(this.get(key)?.links.refersTo ?? []);
      if (change.kind !== 'Api') continue;
      for (const dependent of [...this.referrersOf(key), ...this.selectingFor(change.namespace)]) {
        touched.add(dependent.key);
        touchClients(dependent.links.refersTo);
      }
    }
    return touched;
  }
}
