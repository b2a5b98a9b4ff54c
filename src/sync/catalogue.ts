import type { Change, Resource, ResourceKey } from '../registry/log.ts';
import { isForSidecars, withoutInformational } from '../document/informational.ts';
import { PLATFORM_NAMESPACE } from '../document/names.ts';
import { API_VERSION } from '../document/schema.ts';
import { linksOf } from './links.ts';
import type { Links } from './links.ts';
import { keyText } from './resource-key.ts';
import type { SyncedResource } from './resource-key.ts';
import { SetsByKey } from './sets-by-key.ts';

/** How the canonical JSON of a document without labels begins: more than half of a contract, which need not be kept. */
const BEGINNINGS = {
  none: (): string => '',
  named: ({ kind, name }: ResourceKey): string => beginning(kind, `{"name":${JSON.stringify(name)}}`),
  qualified: ({ kind, namespace, name }: ResourceKey): string =>
    beginning(kind, `{"name":${JSON.stringify(name)},"namespace":${JSON.stringify(namespace)}}`),
};

function beginning(kind: string, metadata: string): string {
  return `{"apiVersion":"${API_VERSION}","kind":${JSON.stringify(kind)},"metadata":${metadata},"spec":`;
}

/** A resource as it is held ready for sidecars. */
export class Entry implements SyncedResource, Links {
  readonly key: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly createdRevision: number;
  readonly owner: string;
  readonly labels: Links['labels'];
  readonly refersTo: Links['refersTo'];
  readonly selects: Links['selects'];
  /** The text after its beginning. */
  readonly #rest: string;
  readonly #beginning: keyof typeof BEGINNINGS;

  constructor({ key, kind, namespace, name, revision, createdRevision, owner, text }: SyncedResource, links: Links) {
    this.key = key;
    this.kind = kind;
    this.namespace = namespace;
    this.name = name;
    this.revision = revision;
    this.createdRevision = createdRevision;
    this.owner = owner;
    // Not the links as an object: there are many of them.
    this.labels = links.labels;
    this.refersTo = links.refersTo;
    this.selects = links.selects;
    this.#beginning = text.startsWith(BEGINNINGS.named(this))
      ? 'named'
      : text.startsWith(BEGINNINGS.qualified(this))
        ? 'qualified'
        : 'none';
    const { length } = BEGINNINGS[this.#beginning](this);
    this.#rest = length === 0 ? text : copyOf(text.slice(length));
  }

  get text(): string {
    return BEGINNINGS[this.#beginning](this) + this.#rest;
  }
}

/** A part of a string keeps all of it alive. */
function copyOf(part: string): string {
  return Buffer.from(part).toString();
}

/** What a resource is sent as. */
export type Opening = (resource: Resource) => unknown;

/** All resources of the log, and which of them refer to which. */
export class Catalogue {
  readonly #open: Opening;
  readonly #entries = new Map<string, Entry>();
  /** By key of what is referred to. */
  readonly #referrers = new SetsByKey<Entry>();
  /** By namespace: its APIs. */
  readonly #apis = new SetsByKey<Entry>();
  /** By namespace: its bindings and alerts that select APIs. */
  readonly #selecting = new SetsByKey<Entry>();

  /** Kinds and namespaces: few, and never forgotten. */
  readonly #words = new Map<string, string>();
  readonly #share = (key: string): string => this.#entries.get(key)?.key ?? this.#namedAlready(key) ?? key;

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

  /** @param written the document as JSON, where it is at hand */
  put(resource: Resource, written?: string): void {
    const own = keyText(resource);
    if (this.#entries.has(own)) this.remove(own);
    const { name, revision, createdRevision, owner, document } = resource;
    if (!isForSidecars(resource.kind)) return;
    // Thousands of resources repeat the same keys and names: each is kept once.
    const key = this.#share(own);
    const kind = this.#word(resource.kind);
    const namespace = this.#word(resource.namespace);
    const links = linksOf(resource, document, this.#share);
    const sent = withoutInformational(kind, this.#open(resource));
    const text = sent === document && written !== undefined ? written : JSON.stringify(sent);
    const entry = new Entry({ key, kind, namespace, name, revision, createdRevision, owner, text }, links);
    this.#entries.set(key, entry);
    for (const target of links.refersTo) this.#referrers.add(target, entry);
    if (kind === 'Api') this.#apis.add(namespace, entry);
    if (links.selects !== undefined) this.#selecting.add(namespace, entry);
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const target of entry.refersTo) this.#referrers.delete(target, entry);
    this.#apis.delete(entry.namespace, entry);
    this.#selecting.delete(entry.namespace, entry);
  }

  #word(text: string): string {
    const known = this.#words.get(text);
    if (known === undefined) this.#words.set(text, text);
    return known ?? text;
  }

  #namedAlready(key: string): string | undefined {
    for (const { refersTo } of this.#referrers.get(key)) return refersTo.find((target) => target === key);
    return undefined;
  }

  /** The resources that name this one. */
  referrersOf(key: string): Iterable<Entry> {
    return this.#referrers.get(key);
  }

  /** The APIs of a namespace; those of every namespace where it is the platform's. */
  *apisFor(namespace: string): Iterable<Entry> {
    const sets = namespace === PLATFORM_NAMESPACE ? this.#apis.sets() : [this.#apis.get(namespace)];
    for (const apis of sets) yield* apis;
  }

  /** The bindings and alerts that may select the APIs of a namespace. */
  *selectingFor(namespace: string): Iterable<Entry> {
    yield* this.#selecting.get(namespace);
    if (namespace !== PLATFORM_NAMESPACE) yield* this.#selecting.get(PLATFORM_NAMESPACE);
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
        if (target.startsWith('Webhook\n')) touchClients(this.get(target)?.refersTo ?? []);
      }
    };
    for (const { before, ...change } of changes) {
      const key = keyText(change);
      touched.add(key);
      if (before !== undefined) touchClients(linksOf(change, before.document).refersTo);
      touchClients(this.get(key)?.refersTo ?? []);
      if (change.kind !== 'Api') continue;
      for (const dependent of [...this.referrersOf(key), ...this.selectingFor(change.namespace)]) {
        touched.add(dependent.key);
        touchClients(dependent.refersTo);
      }
    }
    return touched;
  }
}
