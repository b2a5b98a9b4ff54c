import { create } from '@bufbuild/protobuf';
import { ConcernedSchema, ImpactSchema } from '../../gen/ostiary/v1/resources_pb.js';
import type { Concerned, Impact } from '../../gen/ostiary/v1/resources_pb.js';
import { isWide } from '../access/memberships.ts';
import { isRecord } from '../document/load.ts';
import { PLATFORM_NAMESPACE, qualifiedName } from '../document/names.ts';
import { canonicalJson } from '../document/version.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import { hasApi, isEverything } from '../sync/scope.ts';
import type { Scope } from '../sync/scope.ts';
import { partyOf } from './belonging.ts';
import type { PlannedChange } from './changing.ts';
import { factsOf, FIELDS, keyFrom, valueAt } from './facts.ts';
import type { Facts } from './facts.ts';
import { hasLabels } from './neighbourhood.ts';
import type { Entry, ResourceIndex } from './resource-index.ts';
import type { Rights } from './rights.ts';

/** A sidecar that receipts count. */
export interface CountedSidecar {
  readonly node: string;
  readonly scope: Scope;
}

/** So many are named. */
const MOST_NAMED = 10;
const SPECIFICATION = (FIELDS['Api'] ?? []).indexOf('metadata.specification');
const TIER = (FIELDS['Contract'] ?? []).indexOf('spec.tier');
const STATUS = (FIELDS['Contract'] ?? []).indexOf('spec.status');
/** Of what an API says of its requests, no decision depends on these. */
const TOLD: ReadonlySet<string> = new Set(['routes', 'openapi', 'public']);

/**
 * Whom changes concern, as far as somebody may know of them. What a change does to a decision is not looked at: an API whose
 * policies are ordered otherwise concerns all of its clients.
 */
export function impactOf(
  changes: readonly PlannedChange[],
  index: ResourceIndex,
  rights: Rights,
  sidecars: readonly CountedSidecar[],
): Impact {
  const reach = new Reach(index);
  for (const change of changes) if (change.effect !== 'unchanged') reach.add(change);
  const isSeen = (text: string): boolean => {
    const entry = index.get(text);
    // What would be created is the caller's own.
    return entry === undefined || rights.sees(entry);
  };
  const named = (texts: ReadonlySet<string>): Concerned => concerned([...texts].filter(isSeen).map(nameOf));
  const nodes = sidecars.filter(({ scope }) => reach.isServedBy(scope)).map(({ node }) => node);
  const isTold = rights.caller.grants.some(isWide);
  return create(ImpactSchema, {
    apis: named(reach.apis),
    clients: named(reach.clients),
    contracts: named(reach.contracts),
    sidecars: isTold ? concerned(nodes) : create(ConcernedSchema, { count: nodes.length }),
  });
}

function concerned(names: readonly string[]): Concerned {
  return create(ConcernedSchema, { count: names.length, names: names.toSorted().slice(0, MOST_NAMED) });
}

function nameOf(text: string): string {
  return qualifiedName(keyFrom(text));
}

/** Everything that changes reach, by the texts of keys. */
class Reach {
  readonly apis = new Set<string>();
  readonly clients = new Set<string>();
  readonly contracts = new Set<string>();
  readonly #index: ResourceIndex;
  /** APIs, before and after, whose requests are decided by something else from now on. */
  readonly #decided: { readonly namespace: string; readonly name: string; readonly labels: Facts['labels'] }[] = [];
  #isEverywhere = false;

  constructor(index: ResourceIndex) {
    this.#index = index;
  }

  isServedBy(scope: Scope): boolean {
    if (this.#isEverywhere) return true;
    if (this.#decided.length > 0 && isEverything(scope)) return true;
    return this.#decided.some((api) => hasApi(scope, api, api.labels ?? {}));
  }

  add(change: PlannedChange): void {
    const { key, before, document } = change;
    const versions = [before?.document, document].filter((each) => each !== undefined);
    const facts = versions.map((version) => factsOf(key, version, (text) => text));
    switch (key.kind) {
      case 'Api':
        return this.#addApi(change, facts);
      case 'PolicyBinding':
        for (const each of facts) this.#addTargets(key, each);
        return;
      case 'Contract':
        for (const each of facts) this.#addContract(keyText(key), each);
        return;
      case 'ClientApplication':
        this.clients.add(keyText(key));
        for (const entry of this.#index.referring(keyText(key)))
          if (entry.kind === 'Contract') this.#addContract(keyText(entry), entry.facts);
        return;
      case 'Secret':
        for (const entry of this.#index.referring(keyText(key))) this.#addUser(entry);
        return;
      case 'Specification':
        for (const entry of this.#index.ofKind('Api'))
          if (entry.namespace === key.namespace && entry.facts.fields[SPECIFICATION] === key.name)
            this.apis.add(keyText(entry));
        return;
      case 'Configuration':
        this.#isEverywhere = true;
        for (const entry of this.#index.ofKind('Api')) this.#addDecided(entry, entry.facts);
        return;
      default:
    }
  }

  #addApi({ key, before, document }: PlannedChange, versions: readonly Facts[]): void {
    this.apis.add(keyText(key));
    if (!isDecisive(before?.document, document)) return;
    for (const facts of versions) this.#decided.push({ ...key, labels: facts.labels });
    this.#addContractsOf(keyText(key), tiersBetween(before?.document, document));
  }

  /** Whoever reads a Secret. */
  #addUser(entry: Entry): void {
    if (entry.kind === 'Api') this.#addDecided(entry, entry.facts);
    else if (entry.kind === 'PolicyBinding') this.#addTargets(entry, entry.facts);
  }

  #addTargets({ namespace }: ResourceKey, { selector, refers }: Facts): void {
    if (selector === undefined) {
      for (const text of refers) {
        const api = text.startsWith('Api ') ? this.#index.get(text) : undefined;
        if (api !== undefined) this.#addDecided(api, api.facts);
      }
      return;
    }
    for (const entry of this.#index.ofKind('Api')) {
      if (namespace !== PLATFORM_NAMESPACE && entry.namespace !== namespace) continue;
      if (hasLabels(entry.facts, selector)) this.#addDecided(entry, entry.facts);
    }
  }

  #addDecided(api: ResourceKey, { labels }: Facts): void {
    const text = keyText(api);
    if (this.apis.has(text)) return;
    this.apis.add(text);
    this.#decided.push({ namespace: api.namespace, name: api.name, labels });
    this.#addContractsOf(text, undefined);
  }

  /** @param tiers undefined: of any */
  #addContractsOf(api: string, tiers: ReadonlySet<string> | undefined): void {
    for (const entry of this.#index.referring(api)) {
      if (entry.kind !== 'Contract' || entry.facts.fields[STATUS] !== 'approved') continue;
      if (tiers !== undefined && !tiers.has(entry.facts.fields[TIER] ?? '')) continue;
      this.contracts.add(keyText(entry));
      const client = partyOf(entry.facts, 'ClientApplication');
      if (client !== undefined) this.clients.add(client);
    }
  }

  #addContract(text: string, facts: Facts): void {
    this.contracts.add(text);
    const [client, api] = [partyOf(facts, 'ClientApplication'), partyOf(facts, 'Api')];
    if (client !== undefined) this.clients.add(client);
    if (api === undefined) return;
    this.apis.add(api);
    const key = keyFrom(api);
    this.#decided.push({ ...key, labels: this.#index.get(api)?.facts.labels });
  }
}

/** Whether requests may be decided otherwise. */
function isDecisive(before: unknown, after: unknown): boolean {
  const decisive = (document: unknown): unknown => {
    const spec = valueAt(document, ['spec']);
    const decided = isRecord(spec) ? Object.entries(spec).filter(([field]) => !TOLD.has(field)) : [];
    return { labels: valueAt(document, ['metadata', 'labels']) ?? {}, spec: Object.fromEntries(decided) };
  };
  return (before === undefined) !== (after === undefined) || !isSame(decisive(before), decisive(after));
}

function isSame(one: unknown, other: unknown): boolean {
  return canonicalJson(one ?? null) === canonicalJson(other ?? null);
}

/** The tiers that differ, where nothing else does. */
function tiersBetween(before: unknown, after: unknown): ReadonlySet<string> | undefined {
  if (!isSame(valueAt(before, ['metadata', 'labels']), valueAt(after, ['metadata', 'labels']))) return undefined;
  const [earlier, later] = [before, after].map((document) => valueAt(document, ['spec']));
  if (!isRecord(earlier) || !isRecord(later)) return undefined;
  const { tiers: some, ...rest } = earlier;
  const { tiers: others, ...otherRest } = later;
  if (!isSame(rest, otherRest)) return undefined;
  const [ones, twos] = [tiersByName(some), tiersByName(others)];
  return new Set([...ones.keys(), ...twos.keys()].filter((name) => ones.get(name) !== twos.get(name)));
}

function tiersByName(tiers: unknown): ReadonlyMap<string, string> {
  const list = Array.isArray(tiers) ? tiers.filter(isRecord) : [];
  return new Map(list.map((tier) => [String(tier['name']), canonicalJson(tier)]));
}
