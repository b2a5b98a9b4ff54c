import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { isRecord } from '../document/load.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { FIELDS, valueAt } from './facts.ts';
import { placeOf } from './resource-index.ts';
import type { Entry, ResourceIndex } from './resource-index.ts';
import type { Rights } from './rights.ts';

/** What a list is asked for. Empty: any. */
export interface Selection {
  readonly kinds: readonly string[];
  readonly namespaces: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly where: Readonly<Record<string, string>>;
  readonly owner: string;
  readonly set: string;
  readonly search: string;
}

export interface SelectedPage {
  readonly entries: readonly Entry[];
  readonly total: number;
  readonly hasMore: boolean;
}

/**
 * The resources that meet all of it, by kind, namespace and name.
 * @param after the last one of the page before
 * @param rights of whoever is told; absent: they may see everything
 * @throws RpcError where a field is unknown
 */
export function selectFrom(
  index: ResourceIndex,
  selection: Selection,
  pageSize: number,
  after: Pick<Entry, 'kind' | 'namespace' | 'name'> | undefined,
  rights?: Pick<Rights, 'listFilter' | 'sight'>,
): SelectedPage {
  const entries: Entry[] = [];
  let total = 0;
  let hasMore = false;
  const kinds = selection.kinds.length === 0 ? index.kinds() : [...new Set(selection.kinds)].toSorted();
  for (const kind of kinds) {
    const meets = conditionOf(kind, selection, rights);
    const all = index.ofKind(kind);
    const start = startOf(kind, all, after);
    for (const [at, entry] of all.entries()) {
      if (!meets(entry)) continue;
      total += 1;
      if (at < start) continue;
      if (entries.length < pageSize) entries.push(entry);
      else hasMore = true;
    }
  }
  return { entries, total, hasMore };
}

/** @returns a copy of a document with the fields of these paths alone */
export function fieldsOf(paths: readonly string[]): (document: unknown) => JsonObject | undefined {
  const parts = paths.map((path) => path.split('.'));
  return (document) => {
    const copy: JsonObject = {};
    for (const path of parts) {
      const value = valueAt(document, path);
      if (value !== undefined) put(copy, path, value as JsonValue);
    }
    return copy;
  };
}

function put(copy: JsonObject, path: readonly string[], value: JsonValue): void {
  let node = copy;
  for (const part of path.slice(0, -1)) {
    const next = Object.hasOwn(node, part) ? node[part] : undefined;
    const inner: JsonObject = isRecord(next) ? next : {};
    Object.defineProperty(node, part, { value: inner, enumerable: true, configurable: true, writable: true });
    node = inner;
  }
  const last = path.at(-1) ?? '';
  Object.defineProperty(node, last, { value, enumerable: true, configurable: true, writable: true });
}

function startOf(kind: string, all: readonly Entry[], after: Parameters<typeof selectFrom>[3]): number {
  if (after === undefined || kind > after.kind) return 0;
  if (kind < after.kind) return all.length;
  const place = placeOf(all, after);
  const at = all[place];
  return at !== undefined && at.namespace === after.namespace && at.name === after.name ? place + 1 : place;
}

function conditionOf(
  kind: string,
  selection: Selection,
  rights: Pick<Rights, 'listFilter' | 'sight'> | undefined,
): (entry: Entry) => boolean {
  const conditions: ((entry: Entry) => boolean)[] = [];
  const { namespaces, owner, set, search } = selection;
  if (namespaces.length > 0) {
    const wanted = new Set(namespaces);
    conditions.push(({ namespace }) => wanted.has(namespace));
  }
  for (const [path, value] of Object.entries(selection.where)) conditions.push(fieldIs(kind, path, value));
  for (const [label, value] of Object.entries(selection.labels)) {
    conditions.push(({ facts: { labels } }) => {
      return labels !== undefined && Object.hasOwn(labels, label) && labels[label] === value;
    });
  }
  if (owner !== '') conditions.push((entry) => entry.owner === owner);
  // From the catalog, one does not see it.
  if (set !== '') conditions.push((entry) => entry.set === set && rights?.sight(entry) !== 'catalog');
  for (const word of search.toLowerCase().split(/\s+/)) {
    if (word !== '') conditions.push(({ facts }) => facts.search.includes(word));
  }
  // Last, as it takes the longest.
  if (rights !== undefined) conditions.push(rights.listFilter(kind));
  return (entry) => conditions.every((meets) => meets(entry));
}

function fieldIs(kind: string, path: string, value: string): (entry: Entry) => boolean {
  if (path === 'metadata.name') return ({ name }) => name === value;
  if (path === 'metadata.namespace') return ({ namespace }) => namespace === value;
  const known = FIELDS[kind] ?? [];
  const place = known.indexOf(path);
  if (place < 0) {
    const all = ['metadata.name', 'metadata.namespace', ...known].join(', ');
    throw new RpcError(Code.invalidArgument, `lists of ${kind} can't be filtered by ${path}: they know ${all}`);
  }
  return ({ facts }) => facts.fields[place] === value;
}
