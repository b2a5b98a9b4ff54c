import { linksOf } from './links.ts';
import { qualifiedKey } from './resource-key.ts';
import type { SyncedResource } from './resource-key.ts';

/** Which part of all resources: APIs that meet all of these, with what belongs to them. Without any: everything. */
export interface Scope {
  /** Any of these; none: every namespace. */
  readonly namespaces: readonly string[];
  /** Any of these, as `orders` or `shop/orders`; none: every API. */
  readonly apis: readonly string[];
  /** All of these. */
  readonly labels: Readonly<Record<string, string>>;
}

export const EVERYTHING: Scope = { namespaces: [], apis: [], labels: {} };

/** The same text for scopes that mean the same. */
export function scopeText({ namespaces, apis, labels }: Scope): string {
  const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].sort();
  return JSON.stringify([
    sorted(namespaces),
    sorted(apis),
    Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

/** For people: `everything`, or `namespace shop, api orders, team=web`. */
export function scopeWords({ namespaces, apis, labels }: Scope): string {
  const parts = [
    ...namespaces.map((each) => `namespace ${each}`),
    ...apis.map((each) => `api ${each}`),
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
  ];
  return parts.join(', ') || 'everything';
}

export function isEverything({ namespaces, apis, labels }: Scope): boolean {
  return namespaces.length === 0 && apis.length === 0 && Object.keys(labels).length === 0;
}

/** All that is in its namespaces, and not only what belongs to some of their APIs. */
export function isOfNamespaces({ apis, labels }: Scope): boolean {
  return apis.length === 0 && Object.keys(labels).length === 0;
}

/** Whether an API with these labels is one of the scope's. */
export function hasApi(
  { namespaces, apis, labels }: Scope,
  api: { readonly namespace: string; readonly name: string },
  apiLabels: Readonly<Record<string, string>>,
): boolean {
  if (namespaces.length > 0 && !namespaces.includes(api.namespace)) return false;
  if (apis.length > 0 && !apis.includes(qualifiedKey(api))) return false;
  return hasLabels(apiLabels, labels);
}

/**
 * Whether a sidecar of the scope may have been sent a resource. Of what belongs to APIs nothing has to be known: where it
 * names another API, that is missing, and so it is a fault.
 */
export function isWithin(scope: Scope, { kind, namespace, name, text }: SyncedResource): boolean {
  if (kind !== 'Api') return true;
  try {
    return hasApi(scope, { namespace, name }, linksOf({ kind, namespace, name }, JSON.parse(text)).labels);
  } catch {
    return false;
  }
}

/** Whether all wanted labels are among the given ones, with the same values. */
export function hasLabels(given: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => Object.hasOwn(given, name) && given[name] === value);
}
