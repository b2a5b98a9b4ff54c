import { isDeepStrictEqual } from 'node:util';
import { clientFrom, qualifiedName, referenceFrom } from '../document/names.ts';
import { secretsNamedIn } from '../document/secrets.ts';
import type { Loaded } from '../document/load.ts';
import type { DocumentOf } from '../document/schema.ts';
import { overlap, placeIn } from './api-places.ts';
import type { ApiPlace } from './api-places.ts';
import { apisAmong, apisOf, policiesByApi } from './concerned-apis.ts';
import { keyFor } from './document-keys.ts';
import type { Documents } from './document-keys.ts';

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
  /** What could not be read may be policies of any API, or another API in the place of one: such an API waits. */
  readonly isUnreadable: boolean;
  /** Among it may be an API that is not known: one that goes may be that one. */
  readonly mayBeNewApi?: boolean;
}

/**
 * Leaves out as little as possible of what is wanted, so that one author's fault does not stop another's change. An API,
 * its contracts and the policies that are bound to it move together or not at all: of some of them new and some old, a
 * request could pass that no version of the documents lets pass. For the same reason an API that goes or moves waits for the
 * one that its requests would fall to, and a client application that gets another identity for the APIs that it may call.
 */
export function holdBack({ good, wanted, faulty, isUnreadable, mayBeNewApi = false }: HoldBackOptions): HeldBack {
  const both = new Versions(good, wanted);
  const waiting = [...faulty, ...(isUnreadable ? both.unsure(mayBeNewApi) : [])];
  const held = new Set<string>();
  while (waiting.length > 0) {
    const key = waiting.pop() as string;
    if (held.has(key)) continue;
    held.add(key);
    for (const next of both.together(key)) waiting.push(next);
    waiting.push(...both.neededByGood(key));
  }
  const documents = new Map<string, Loaded>();
  for (const [key, loaded] of wanted) if (!held.has(key)) documents.set(key, loaded);
  for (const key of held) {
    const kept = good.get(key);
    if (kept !== undefined) documents.set(key, kept);
  }
  return { held, documents, isNew: both.changed.some((key) => !held.has(key)) };
}

/** Keys of the documents that differ. */
export function changedIn(good: Documents, wanted: Documents): readonly string[] {
  return [...new Set([...good.keys(), ...wanted.keys()])].filter((key) => {
    const [was, will] = [good.get(key), wanted.get(key)];
    return was?.withheld !== will?.withheld || !isDeepStrictEqual(was?.document, will?.document);
  });
}

/** The documents as they are and as they are wanted. */
class Versions {
  readonly #good: Documents;
  readonly #wanted: Documents;
  /** The APIs of both. */
  readonly #apis: readonly Documents[];
  /** Keys of those that differ. */
  readonly changed: readonly string[];
  /** Keys of changed documents that concern an API, by its name. */
  readonly #ofApi = new Map<string, string[]>();
  /** APIs that come, go or move, with where they were. */
  readonly #moved = new Map<string, ApiPlace | undefined>();
  /** Names of the APIs that a client application has contracts with, by its name. */
  readonly #ofClient = new Map<string, Set<string>>();
  /** Names of the APIs whose policies refer to a Secret, by its name. */
  readonly #ofSecret = new Map<string, Set<string>>();
  /** APIs whose documents were told to move together. */
  readonly #told = new Set<string>();

  constructor(good: Documents, wanted: Documents) {
    this.#good = good;
    this.#wanted = wanted;
    this.#apis = [good, wanted].map(apisAmong);
    this.changed = changedIn(good, wanted);
    for (const documents of [good, wanted]) {
      for (const loaded of documents.values()) {
        const { document } = loaded;
        for (const name of secretsNamedIn(document)) {
          const secret = qualifiedName({ ...document.metadata, name });
          for (const api of apisOf(loaded, ...this.#apis)) addTo(this.#ofSecret, secret, api);
        }
        if (document.kind !== 'Contract') continue;
        const { metadata, spec } = document;
        addTo(this.#ofClient, clientFrom(metadata, spec.clientApplication), referenceFrom(metadata, spec.api));
      }
    }
    for (const key of this.changed) {
      const places = [good.get(key), wanted.get(key)].map(placeIn);
      if (!isDeepStrictEqual(places[0], places[1])) this.#moved.set(key, places[0]);
      for (const api of this.#apisOf(key)) {
        const keys = this.#ofApi.get(api);
        if (keys === undefined) this.#ofApi.set(api, [key]);
        else keys.push(key);
      }
    }
  }

  /** What has changed with a document: all that concerns an API that it concerns. Each API is told once. */
  together(key: string): readonly string[] {
    const apis = this.#apisOf(key).filter((api) => !this.#told.has(api) && this.#ofApi.has(api));
    for (const api of apis) this.#told.add(api);
    const own = apis.flatMap((api) => this.#ofApi.get(api) ?? []);
    return own.concat(apis.flatMap((api) => this.#neighbours(keyFor('Api', api))));
  }

  /**
   * Keys of APIs that can't change while this one stays: a request that both versions have another API for would fall
   * to a third one, as no version wants it.
   */
  #neighbours(key: string): readonly string[] {
    const [was, will] = [this.#good, this.#wanted].map((documents) => placeIn(documents.get(key)));
    const isAt = (place: ApiPlace | undefined, other: ApiPlace | undefined): boolean =>
      place !== undefined && other !== undefined && overlap(place, other);
    // What leaves a place that this one has, or should have.
    const found = [...this.#moved].filter(([, left]) => isAt(left, was) || isAt(left, will)).map(([moved]) => moved);
    if (!this.#moved.has(key)) return found;
    // What gets requests that this one should have.
    for (const api of this.#ofApi.keys()) {
      const other = keyFor('Api', api);
      if (isAt(placeIn(this.#wanted.get(other)), will)) found.push(other);
    }
    return found;
  }

  /** What a document that stays as it was refers to, and what is to be removed. */
  neededByGood(key: string): readonly string[] {
    const loaded = this.#good.get(key);
    if (loaded === undefined) return [];
    return referredTo(loaded).filter((needed) => this.#good.has(needed) && !this.#wanted.has(needed));
  }

  /**
   * Keys of APIs that are new, that would be without a policy as they had it, or that go or move and leave their
   * requests to another.
   * @param mayBeNewApi those too that go and leave their requests to none, which may be allowed
   */
  unsure(mayBeNewApi: boolean): readonly string[] {
    const before = policiesByApi(this.#good);
    const after = policiesByApi(this.#wanted);
    const apis = new Set(this.changed.flatMap((key) => this.#apisOf(key)));
    return [...apis]
      .filter((api) => {
        if (this.#good.get(keyFor('Api', api))?.withheld !== undefined) return true;
        const [had, has] = [before.get(api), after.get(api)];
        if (has !== undefined && !(had?.isSubsetOf(has) ?? false)) return true;
        const left = this.#moved.get(keyFor('Api', api));
        if (left === undefined) return false;
        return (mayBeNewApi && !this.#wanted.has(keyFor('Api', api))) || this.#isTaken(left, api);
      })
      .map((api) => keyFor('Api', api));
  }

  /** Whether another API would have requests of this place. */
  #isTaken(place: ApiPlace, but: string): boolean {
    for (const [key, loaded] of this.#apis[1] ?? []) {
      const other = placeIn(loaded);
      if (other !== undefined && key !== keyFor('Api', but) && overlap(place, other)) return true;
    }
    return false;
  }

  /** Names of the APIs that either version concerns. */
  #apisOf(key: string): readonly string[] {
    const apis = this.#apisOfClient(key) ?? (key.startsWith('Secret ') ? this.#apisOfSecret(key) : undefined);
    if (apis !== undefined) return apis;
    return [this.#good, this.#wanted].flatMap((documents) => {
      const loaded = documents.get(key);
      return loaded === undefined ? [] : apisOf(loaded, ...this.#apis);
    });
  }

  #apisOfSecret(key: string): readonly string[] {
    return [...(this.#ofSecret.get(key.slice('Secret '.length)) ?? [])];
  }

  /** Of a client application that gets another identity; undefined: it is none. */
  #apisOfClient(key: string): readonly string[] | undefined {
    const [good, wanted] = [this.#good, this.#wanted].map((documents) => documents.get(key)?.document);
    if (good?.kind !== 'ClientApplication' || wanted?.kind !== 'ClientApplication') return undefined;
    if (isDeepStrictEqual(identityOf(good.spec), identityOf(wanted.spec))) return undefined;
    return [...(this.#ofClient.get(qualifiedName(good.metadata)) ?? [])];
  }
}

function addTo(sets: Map<string, Set<string>>, key: string, member: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([member]));
  else set.add(member);
}

/** By what calls are taken for calls of a client application; its secrets and keys may change alone. */
function identityOf({ clientId, issuers, principals }: DocumentOf<'ClientApplication'>['spec']): unknown {
  return { clientId, issuers, principals };
}

/** Keys of what it can't be without. */
function referredTo({ document }: Loaded): readonly string[] {
  const { metadata } = document;
  const to = (kind: string, name: string): string => keyFor(kind, referenceFrom(metadata, name));
  switch (document.kind) {
    case 'Contract':
      return [
        to('Api', document.spec.api),
        keyFor('ClientApplication', clientFrom(metadata, document.spec.clientApplication)),
      ];
    case 'Alert':
      return [
        ...(document.spec.api === undefined ? [] : [to('Api', document.spec.api)]),
        ...document.spec.notify.map((name) => to('Webhook', name)),
      ];
    case 'Subscription':
      return (document.spec.webhooks ?? []).map((name) => to('Webhook', name));
    case 'Api':
    case 'PolicyBinding':
      return secretsNamedIn(document).map((name) => keyFor('Secret', qualifiedName({ ...metadata, name })));
    default:
      return [];
  }
}
