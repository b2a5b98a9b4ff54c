import { namespaceOf, PLATFORM_NAMESPACE, qualifiedName, referenceFrom } from '../document/names.ts';
import type { Loaded } from '../document/load.ts';
import type { Documents } from './document-keys.ts';

export function apisAmong(documents: Documents): Documents {
  return new Map([...documents].filter(([, { document }]) => document.kind === 'Api'));
}

/** Names of the APIs that a document concerns. @param all the APIs that a selector may select */
export function apisOf({ document }: Loaded, ...all: readonly Documents[]): readonly string[] {
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

/** The policies of each API as texts, by its name: its own, and those that are bound to it. */
export function policiesByApi(documents: Documents): ReadonlyMap<string, ReadonlySet<string>> {
  const policies = new Map<string, Set<string>>();
  const apis = apisAmong(documents);
  const bindings: Loaded[] = [];
  for (const loaded of documents.values()) {
    const { document, withheld } = loaded;
    if (withheld !== undefined) continue;
    if (document.kind === 'Api') {
      policies.set(qualifiedName(document.metadata), new Set(document.spec.policies.map(textOf)));
    }
    if (document.kind === 'PolicyBinding') bindings.push(loaded);
  }
  for (const binding of bindings) {
    const { spec } = binding.document as Extract<Loaded['document'], { kind: 'PolicyBinding' }>;
    const { targetRef: _target, ...policy } = spec;
    for (const api of apisOf(binding, apis)) policies.get(api)?.add(textOf(policy));
  }
  return policies;
}

/** Equal for the same policy, whether it is an API's own or bound to it. */
function textOf(policy: object): string {
  return JSON.stringify(Object.entries(policy).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
