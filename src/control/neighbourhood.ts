import { PLATFORM_NAMESPACE } from '../document/names.ts';
import type { ResourceKey } from '../registry/log.ts';
import { keyText } from '../registry/conflict.ts';
import type { Facts } from './facts.ts';
import type { Entry, ResourceIndex } from './resource-index.ts';

/** A resource that would change. */
export interface Proposal {
  readonly key: ResourceKey;
  /** Undefined: it is deleted. */
  readonly facts: Facts | undefined;
}

/** The most contracts of one tier, or of one client, that are checked: if one of them is at fault, all are. */
const SAMPLE = 20;

/** Something that is in the set to be checked: an entry of the index, or what would take its place. */
interface Member {
  readonly key: ResourceKey;
  readonly facts: Facts;
}

/**
 * Which other resources have to be compiled together with changed ones, so that the compiler finds every fault that it would
 * find if it compiled everything, and no other: what the changed ones refer to, what refers to them, what holds the same,
 * and what these need in turn.
 * @returns keys, without those of the changed resources
 */
export function neighbourhoodOf(proposals: readonly Proposal[], index: ResourceIndex): readonly string[] {
  const gathering = new Gathering(proposals, index);
  for (const proposal of proposals) gathering.addConcerned(proposal);
  return gathering.closed();
}

class Gathering {
  readonly #index: ResourceIndex;
  readonly #changed: ReadonlyMap<string, Proposal>;
  readonly #found = new Map<string, Member>();
  readonly #waiting: Member[] = [];
  readonly #namespaces = new Set<string>();

  constructor(proposals: readonly Proposal[], index: ResourceIndex) {
    this.#index = index;
    this.#changed = new Map(proposals.map((proposal) => [keyText(proposal.key), proposal]));
  }

  /** Adds what a change can put at fault. */
  addConcerned({ key, facts }: Proposal): void {
    const text = keyText(key);
    const before = this.#index.get(text);
    if (facts !== undefined) this.#add({ key, facts });
    // What it needs as it is now: faults are compared with those before.
    if (before !== undefined) this.#waiting.push({ key, facts: before.facts });
    for (const term of facts?.holds ?? []) this.#addAll(this.#index.holding(term));
    const comesOrGoes = (before === undefined) !== (facts === undefined);
    switch (key.kind) {
      case 'Api':
        this.#addNamespace(key.namespace);
        this.#addReferring(text);
        this.#addWatching(key.namespace, [before?.facts, facts]);
        if (this.#index.ofKind('Api').length === 0) this.#addAllThatSelect();
        break;
      case 'PolicyBinding':
        this.#addNamespace(key.namespace);
        break;
      case 'ClientApplication':
        if (comesOrGoes) this.#addReferring(text);
        break;
      case 'Contract':
        if (facts !== undefined) this.#addSameParties(facts);
        break;
      case 'Secret':
        // What is made of its values.
        this.#addReferring(text);
        break;
      default:
        if (comesOrGoes) this.#addReferring(text);
    }
  }

  /** All that were found, and what they need not to be at fault. */
  closed(): readonly string[] {
    for (;;) {
      const member = this.#waiting.pop();
      if (member === undefined) break;
      for (const text of member.facts.refers) this.#addKey(text);
      if (member.key.kind === 'Api') this.#addBindingsOf(member);
      const { selector } = member.facts;
      if (selector !== undefined) this.#addSelected(member, selector);
    }
    return [...this.#found.keys()].filter((text) => !this.#changed.has(text));
  }

  #add(member: Member): void {
    const text = keyText(member.key);
    if (this.#found.has(text)) return;
    this.#found.set(text, member);
    this.#waiting.push(member);
  }

  #addEntry(entry: Entry): void {
    const changed = this.#changed.get(keyText(entry));
    if (changed === undefined) this.#add({ key: entry, facts: entry.facts });
    else if (changed.facts !== undefined) this.#add({ key: entry, facts: changed.facts });
  }

  #addAll(entries: Iterable<Entry>): void {
    for (const entry of entries) this.#addEntry(entry);
  }

  #addKey(text: string): void {
    const entry = this.#index.get(text);
    if (entry !== undefined) return this.#addEntry(entry);
    const changed = this.#changed.get(text);
    if (changed?.facts !== undefined) this.#add({ key: changed.key, facts: changed.facts });
  }

  /** A contract is at fault if its client, its API or its tier is not there: one of each tier and status stands for all. */
  #addReferring(text: string): void {
    const seen = new Map<string, number>();
    for (const entry of this.#index.referring(text)) {
      if (entry.kind === 'Contract') {
        const [, , tier, status] = entry.facts.fields;
        const sort = `${tier} ${status}`;
        const count = seen.get(sort) ?? 0;
        if (count >= SAMPLE) continue;
        seen.set(sort, count + 1);
      }
      this.#addEntry(entry);
    }
  }

  #addSameParties({ refers }: Facts): void {
    const [one, other] = refers;
    if (one === undefined || other === undefined) return;
    for (const entry of this.#index.referringToBoth(one, other)) if (entry.kind === 'Contract') this.#addEntry(entry);
  }

  /**
   * Headers that one policy sets belong to the namespace: policies of any other API in it may read them. Those that are set in
   * the platform's namespace belong to all.
   */
  #addNamespace(namespace: string): void {
    if (this.#namespaces.has(namespace)) return;
    this.#namespaces.add(namespace);
    const isAll = namespace === PLATFORM_NAMESPACE;
    for (const kind of ['Api', 'PolicyBinding']) {
      for (const entry of this.#index.ofKind(kind)) {
        const { namespace: own } = entry;
        if (isAll || own === namespace || own === PLATFORM_NAMESPACE) this.#addEntry(entry);
      }
    }
  }

  /** Alerts that select APIs by label, or by tier, of which this is or was one. */
  #addWatching(namespace: string, versions: readonly (Facts | undefined)[]): void {
    for (const entry of this.#selecting('watches', namespace)) {
      const { selector = {} } = entry.facts;
      if (versions.some((facts) => facts !== undefined && hasLabels(facts, selector))) this.#addEntry(entry);
    }
  }

  #addBindingsOf({ key, facts }: Member): void {
    const text = keyText(key);
    for (const entry of this.#index.referring(text)) if (entry.kind === 'PolicyBinding') this.#addEntry(entry);
    for (const entry of this.#selecting('selects', key.namespace)) {
      if (hasLabels(facts, entry.facts.selector ?? {})) this.#addEntry(entry);
    }
  }

  /** While there is no API at all, a selector may find none. */
  #addAllThatSelect(): void {
    for (const kind of ['PolicyBinding', 'Alert']) this.#addAll(this.#index.ofKind(kind));
  }

  /** Where there are APIs, a selector must find one: the compiler has to see that there are. */
  #addAnyApi(): void {
    for (const entry of this.#index.ofKind('Api')) {
      const changed = this.#changed.get(keyText(entry));
      if (changed !== undefined && changed.facts === undefined) continue;
      return this.#addEntry(entry);
    }
  }

  /** A binding needs one API at least; an alert looks at the tiers of all of them. */
  #addSelected({ key }: Member, selector: Readonly<Record<string, string>>): void {
    this.#addAnyApi();
    const isAll = key.namespace === PLATFORM_NAMESPACE;
    for (const entry of this.#index.ofKind('Api')) {
      if (!isAll && entry.namespace !== key.namespace) continue;
      const changed = this.#changed.get(keyText(entry));
      const facts = changed === undefined ? entry.facts : changed.facts;
      if (facts === undefined || !hasLabels(facts, selector)) continue;
      this.#addEntry(entry);
      if (key.kind === 'PolicyBinding') return;
    }
  }

  *#selecting(what: 'selects' | 'watches', namespace: string): Iterable<Entry> {
    yield* this.#index.holding(`${what} ${namespace}`);
    if (namespace !== PLATFORM_NAMESPACE) yield* this.#index.holding(`${what} ${PLATFORM_NAMESPACE}`);
  }
}

export function hasLabels({ labels }: Facts, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([label, value]) => labels !== undefined && labels[label] === value);
}
