import { isDeepStrictEqual } from 'node:util';
import { namespaceOf, PLATFORM_NAMESPACE, qualifiedName, referenceFrom } from '../document/names.ts';
import type { Loaded } from '../document/load.ts';

/** By {@link keyOf}. */
export type Documents = ReadonlyMap<string, Loaded>;

export function keyOf({ document: { kind, metadata } }: Loaded): string {
  return keyFor(kind, qualifiedName(metadata));
}

export function keyFor(kind: string, name: string): string {
  return `${kind} ${name}`;
}

/** What may be put in force, and what has to wait. */
export interface HeldBack {
  /** Keys of documents that stay as they were, or stay away. */
  readonly held: ReadonlySet<string>;
  readonly documents: Documents;
  /** Whether anything is another than before. */
  readonly isNew: boolean;
}

export interface HoldBackOptions {
  /** In force now. */
  readonly good: Documents;
  /** As their authors want them. */
  readonly wanted: Documents;
  /** Keys of documents that can't be used as they are wanted. */
  readonly faulty: Iterable<string>;
  /** What could not be read may be policies of any API: one that would have fewer of them waits. */
  readonly isUnreadable: boolean;
}

/**
 * Leaves out as little as possible of what is wanted, so that one author's fault does not stop another's change. An API,
 * its contracts and the policies that are bound to it move together or not at all: of some of them new and some old, a
 * request could pass that no version of the documents lets pass.
 */
export function holdBack({ good, wanted, faulty, isUnreadable }: HoldBackOptions): HeldBack {
  const both = new Versions(good, wanted);
  const waiting = [...faulty, ...(isUnreadable ? both.loosened() : [])];
  const held = new Set<string>();
  while (waiting.length > 0) {
    const key = waiting.pop() as string;
    if (held.has(key)) continue;
    held.add(key);
    waiting.push(...both.together(key), ...both.neededByGood(key));
  }
  const documents = new Map<string, Loaded>();
  for (const [key, loaded] of wanted) if (!held.has(key)) documents.set(key, loaded);
  for (const key of held) {
    const kept = good.get(key);
    if (kept !== undefined) documents.set(key, kept);
  }
  return { held, documents, isNew: both.changed.some((key) => !held.has(key)) };
}

/** The documents as they are and as they are wanted. */
class Versions {
  readonly #good: Documents;
  readonly #wanted: Documents;
  /** Keys of those that differ. */
  readonly changed: readonly string[];
  /** Keys of changed documents that concern an API, by its name. */
  readonly #ofApi = new Map<string, string[]>();

  constructor(good: Documents, wanted: Documents) {
    this.#good = good;
    this.#wanted = wanted;
    this.changed = [...new Set([...good.keys(), ...wanted.keys()])].filter((key) => {
      return !isDeepStrictEqual(good.get(key)?.document, wanted.get(key)?.document);
    });
    for (const key of this.changed) {
      for (const api of this.#apisOf(key)) {
        const keys = this.#ofApi.get(api);
        if (keys === undefined) this.#ofApi.set(api, [key]);
        else keys.push(key);
      }
    }
  }

  /** What has changed with a document: all that concerns an API that it concerns. */
  together(key: string): readonly string[] {
    return this.#apisOf(key).flatMap((api) => this.#ofApi.get(api) ?? []);
  }

  /** What a document that stays as it was refers to, and what is to be removed. */
  neededByGood(key: string): readonly string[] {
    const loaded = this.#good.get(key);
    if (loaded === undefined) return [];
    return referredTo(loaded).filter((needed) => this.#good.has(needed) && !this.#wanted.has(needed));
  }

  /** Keys of APIs that would have fewer policies than before, or that are new and have none. */
  loosened(): readonly string[] {
    const before = policyCounts(this.#good);
    const after = policyCounts(this.#wanted);
    const apis = new Set(this.changed.flatMap((key) => this.#apisOf(key)));
    return [...apis].flatMap((api) => {
      const count = after.get(api);
      return count !== undefined && count < (before.get(api) ?? 1) ? [keyFor('Api', api)] : [];
    });
  }

  /** Names of the APIs that either version concerns. */
  #apisOf(key: string): readonly string[] {
    return [this.#good, this.#wanted].flatMap((documents) => {
      const loaded = documents.get(key);
      return loaded === undefined ? [] : apisOf(loaded, this.#good, this.#wanted);
    });
  }
}

function apisOf({ document }: Loaded, ...all: readonly Documents[]): readonly string[] {
  const { metadata } = document;
  switch (document.kind) {
    case 'Api':
      return [qualifiedName(metadata)];
    case 'Contract':
      return [referenceFrom(metadata, document.spec.api)];
    case 'PolicyBinding': {
      const { targetRef } = document.spec;
      if (targetRef.kind === 'Api') return [referenceFrom(metadata, targetRef.name)];
      const namespace = namespaceOf(metadata);
      const { labels } = targetRef.selector;
      return all.flatMap((documents) => selected(documents, namespace, labels));
    }
    default:
      return [];
  }
}

function selected(
  documents: Documents,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): readonly string[] {
  const names: string[] = [];
  for (const { document } of documents.values()) {
    if (document.kind !== 'Api') continue;
    const { metadata } = document;
    if (namespace !== PLATFORM_NAMESPACE && namespaceOf(metadata) !== namespace) continue;
    if (Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value)) {
      names.push(qualifiedName(metadata));
    }
  }
  return names;
}

/** How many policies each API has, by its name: its own, and those that are bound to it. */
function policyCounts(documents: Documents): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const bindings: Loaded[] = [];
  for (const loaded of documents.values()) {
    const { document } = loaded;
    if (document.kind === 'Api') counts.set(qualifiedName(document.metadata), document.spec.policies.length);
    if (document.kind === 'PolicyBinding') bindings.push(loaded);
  }
  for (const binding of bindings) {
    for (const api of apisOf(binding, documents)) {
      const count = counts.get(api);
      if (count !== undefined) counts.set(api, count + 1);
    }
  }
  return counts;
}

/** Keys of what it can't be without. */
function referredTo({ document }: Loaded): readonly string[] {
  const { metadata } = document;
  const to = (kind: string, name: string): string => keyFor(kind, referenceFrom(metadata, name));
  switch (document.kind) {
    case 'Contract':
      return [to('Api', document.spec.api), to('ClientApplication', document.spec.clientApplication)];
    case 'Alert':
      return [
        ...(document.spec.api === undefined ? [] : [to('Api', document.spec.api)]),
        ...document.spec.notify.map((name) => to('Webhook', name)),
      ];
    default:
      return [];
  }
}
