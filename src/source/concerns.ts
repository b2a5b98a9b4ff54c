import { isRecord } from '../document/load.ts';
import { clientFrom, namespaceOf, PLATFORM_NAMESPACE, qualifiedName, referenceFrom } from '../document/names.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A document as far as it can be read, whether its schema takes it or not. */
export interface WrittenDocument {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
  readonly spec: object;
}

/** Names of APIs; `all`: every one, known or not. */
export type ConcernedApis = readonly string[] | 'all';

/**
 * Which APIs a document could concern that can't be enforced. A contract or a policy that names no API is a slip, and may
 * be meant for any one of its namespace, a policy of a namespace without APIs for any; a contract of such a one lets
 * nobody pass. What is of a kind that this version does not know may be anything.
 */
export class Concerns {
  readonly #apis = new Map<string, WrittenDocument>();
  /** Those that hold policies. */
  readonly #bound: WrittenDocument[] = [];
  readonly #contracts = new Map<string, WrittenDocument[]>();

  /** @param documents of all kinds, those with faults too */
  constructor(documents: Iterable<WrittenDocument>) {
    for (const document of documents) {
      const { kind, metadata, spec } = document;
      if (kind === 'Api') this.#apis.set(qualifiedName(metadata), document);
      if (kind === 'Api' || kind === 'PolicyBinding') this.#bound.push(document);
      if (kind !== 'Contract') continue;
      const { clientApplication } = spec as Fields;
      if (typeof clientApplication !== 'string') continue;
      const client = clientFrom(metadata, clientApplication);
      const contracts = this.#contracts.get(client);
      if (contracts === undefined) this.#contracts.set(client, [document]);
      else contracts.push(document);
    }
  }

  of({ kind, metadata, spec }: WrittenDocument): ConcernedApis {
    const fields = spec as Fields;
    switch (kind) {
      // No Check depends on them.
      case 'Alert':
      case 'Webhook':
      case 'Subscription':
      case 'Team':
      case 'Specification':
        return [];
      case 'Secret':
        return this.#joined(this.#readersOf(metadata));
      case 'Api':
        return [qualifiedName(metadata)];
      case 'Contract':
        return this.#named(metadata, fields['api']);
      case 'PolicyBinding':
        return this.#orAll(this.#targets(metadata, fields['targetRef']));
      case 'ClientApplication':
        return this.#joined(this.#contracts.get(qualifiedName(metadata)) ?? []);
      default:
        return 'all';
    }
  }

  /** What any of them could concern. */
  #joined(documents: readonly WrittenDocument[]): ConcernedApis {
    const all = new Set<string>();
    for (const document of documents) {
      const concerned = this.of(document);
      if (concerned === 'all') return 'all';
      for (const name of concerned) all.add(name);
    }
    return [...all];
  }

  /** Those whose policies read a value of the secret. */
  #readersOf(metadata: WrittenDocument['metadata']): readonly WrittenDocument[] {
    const namespace = namespaceOf(metadata);
    return this.#bound.filter(
      (each) =>
        namespaceOf(each.metadata) === namespace && JSON.stringify(each.spec).includes(`secret:${metadata.name}/`),
    );
  }

  #named(metadata: WrittenDocument['metadata'], reference: unknown): ConcernedApis {
    if (typeof reference !== 'string') return this.#ofNamespace(metadata);
    const name = referenceFrom(metadata, reference);
    return this.#apis.has(name) ? [name] : this.#ofNamespace(metadata);
  }

  #targets(metadata: WrittenDocument['metadata'], target: unknown): ConcernedApis {
    if (!isRecord(target)) return this.#ofNamespace(metadata);
    const { kind, name, selector } = target;
    if (kind === 'Api' && hasOnly(target, ['kind', 'name'])) return this.#named(metadata, name);
    if (kind !== 'Selector' || !hasOnly(target, ['kind', 'selector'])) return this.#ofNamespace(metadata);
    if (!isRecord(selector) || !hasOnly(selector, ['kind', 'labels'])) return this.#ofNamespace(metadata);
    const { kind: selects = 'Api', labels = {} } = selector;
    if (selects !== 'Api' || !isRecord(labels)) return this.#ofNamespace(metadata);
    const selected = this.#within(metadata).filter((api) => {
      const own = this.#apis.get(api)?.metadata.labels ?? {};
      return Object.entries(labels).every(([label, value]) => Object.hasOwn(own, label) && own[label] === value);
    });
    return selected.length > 0 ? selected : this.#ofNamespace(metadata);
  }

  /** A policy without any API has a slip in its namespace: it may be meant for each of them. */
  #orAll(concerned: ConcernedApis): ConcernedApis {
    return concerned.length === 0 ? 'all' : concerned;
  }

  #ofNamespace(metadata: WrittenDocument['metadata']): ConcernedApis {
    return namespaceOf(metadata) === PLATFORM_NAMESPACE ? 'all' : this.#within(metadata);
  }

  /** The APIs that a selector of this namespace may select. */
  #within(metadata: WrittenDocument['metadata']): readonly string[] {
    const namespace = namespaceOf(metadata);
    const isOwn = (api: WrittenDocument): boolean => namespaceOf(api.metadata) === namespace;
    return [...this.#apis].filter(([, api]) => namespace === PLATFORM_NAMESPACE || isOwn(api)).map(([name]) => name);
  }
}

/** A later version may mean something else by what this one does not know. */
function hasOnly(fields: Fields, known: readonly string[]): boolean {
  return Object.keys(fields).every((key) => known.includes(key));
}
