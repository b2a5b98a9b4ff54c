import { Document, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Node } from 'yaml';
import { isSame } from './inputs.ts';
import type { Path } from './inputs.ts';
import { isRecord } from './node.ts';

/** What is wrong with a text as YAML. */
export interface YamlFault {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export type Parsed = { readonly value: unknown; readonly document: Document } | { readonly fault: YamlFault };

const WRITING = { lineWidth: 0, flowCollectionPadding: true, indentSeq: true } as const;
/** Aliases may stand for far more than they take to write. */
const MOST_ALIASES = 100;

/** Reads a text; of several faults the first. */
export function parsed(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, strict: true });
  const [error] = document.errors;
  if (error !== undefined) return { fault: { line: lines.linePos(error.pos[0]).line, message: error.message } };
  try {
    return { document, value: document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown };
  } catch (thrown) {
    return { fault: { line: 1, message: thrown instanceof Error ? thrown.message : String(thrown) } };
  }
}

/** In this order documents are read: what is not among them follows by its name. */
const ORDER =
  'apiVersion kind name namespace displayName description version lifecycle visibility metadata spec hosts publicUrl basePath policyRef authentication targetRef order mode rules when config methods path tiers limits maximumRequests timePeriodInMilliseconds policies'.split(
    ' ',
  );
const LAST = ['config', 'policies', 'tiers', 'routes', 'guests'];

/** The same with its keys as one reads them: the log has them by the alphabet. */
export function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (!isRecord(value)) return value;
  const rank = (key: string): number => {
    const [first, last] = [ORDER.indexOf(key), LAST.indexOf(key)];
    return last >= 0 ? 1000 + last : first < 0 ? 500 : first;
  };
  const keys = Object.keys(value).toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return Object.fromEntries(keys.map((key) => [key, readable(value[key])]));
}

export function yamlOf(value: unknown): string {
  return new Document(value, { aliasDuplicateObjects: false }).toString(WRITING);
}

/**
 * The text with another value at a path, and everything else as it was written, comments too. Undefined: it is taken out.
 * @param text without faults
 */
export function withYaml(text: string, path: Path, value: unknown): string {
  const document = parseDocument(text);
  unalias(document);
  if (path.length === 0) return yamlOf(value);
  if (value === undefined) {
    if (document.hasIn(path)) document.deleteIn(path);
  } else put(document, path, value);
  return document.toString(WRITING);
}

/** Writes into what is there, so that comments of what stays the same stay too. */
function put(document: Document, path: Path, value: unknown): void {
  // Where a list has to be and is none, or the other way round, nothing of what is there can stay.
  for (let length = 0; length < path.length; length += 1) {
    const above = document.getIn(path.slice(0, length), true);
    const isList = typeof path[length] === 'number';
    if (isList ? isSeq(above) : isMap(above)) continue;
    const made = document.createNode(isList ? [] : {});
    if (length === 0) document.contents = made;
    else document.setIn(path.slice(0, length), made);
  }
  const node = document.getIn(path, true);
  if (isScalar(node) && !isObject(value)) {
    node.value = value;
    // Of another type it may not be quoted as it was.
    if (typeof value !== 'string') delete node.type;
    return;
  }
  if (isMap(node) && isRecord(value)) {
    for (const key of Object.keys(node.toJS(document) as object)) {
      if (!Object.hasOwn(value, key)) document.deleteIn([...path, key]);
    }
    for (const [key, each] of Object.entries(value)) put(document, [...path, key], each);
    return;
  }
  if (isSeq(node) && Array.isArray(value)) {
    for (let at = node.items.length - 1; at >= value.length; at -= 1) node.delete(at);
    value.forEach((each, at) => put(document, [...path, at], each));
    return;
  }
  const above = document.getIn(path.slice(0, -1), true);
  // An empty collection is written on one line, and what comes into it would be too.
  if ((isMap(above) || isSeq(above)) && above.items.length === 0) above.flow = false;
  document.setIn(path, document.createNode(value, { aliasDuplicateObjects: false }));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** An item of a list in another place, with its comments. */
export function withMoved(text: string, path: Path, from: number, to: number): string {
  const document = parseDocument(text);
  const list = document.getIn(path, true);
  if (!isSeq(list) || from === to || list.items[from] === undefined) return text;
  const [item] = list.items.splice(from, 1);
  list.items.splice(to, 0, item);
  return document.toString(WRITING);
}

/** An alias can't be changed without what it stands for: it becomes a copy. */
function unalias(document: Document): void {
  visit(document, {
    Alias: (_, alias) => {
      const target = alias.resolve(document);
      return target === undefined ? undefined : document.createNode(target.toJS(document));
    },
  });
  visit(document, { Node: (_, node) => void delete (node as { anchor?: string }).anchor });
}

export interface Lines {
  /** From 1. */
  readonly first: number;
  readonly last: number;
}

/** Says the lines of what a path names; of what is not there, of what is nearest above. The text is read once. */
export function linesIn(text: string): (path: Path) => Lines {
  const lines = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: lines });
  return (path) => {
    const [from, to] = rangeOf(contents, path) ?? [0, 0];
    const end = Math.max(from, text.slice(from, to).trimEnd().length + from - 1);
    return text === '' ? { first: 1, last: 1 } : { first: lines.linePos(from).line, last: lines.linePos(end).line };
  };
}

function rangeOf(root: unknown, path: Path): readonly [from: number, to: number] | undefined {
  let range: readonly [number, number] | undefined;
  let node = root;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === String(part));
      if (pair === undefined || !isPair(pair)) break;
      const [start] = (pair.key as Node).range ?? [];
      const value = pair.value as Node | null;
      if (start !== undefined) range = [start, value?.range?.[1] ?? start];
      node = value;
    } else if (isSeq(node) && typeof part === 'number') {
      const item = node.items[part] as Node | undefined;
      if (item === undefined) break;
      if (item.range) range = [item.range[0], item.range[1]];
      node = item;
    } else break;
  }
  return range;
}

/** What differs between two values, as paths: the deepest that tell it. Lists of another length differ as a whole. */
export function differingPaths(one: unknown, other: unknown, path: Path = []): readonly Path[] {
  if (isSame(one, other)) return [];
  if (isRecord(one) && isRecord(other)) {
    const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return keys.flatMap((key) => differingPaths(one[key], other[key], [...path, key]));
  }
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length)
    return one.flatMap((each, at) => differingPaths(each, (other as unknown[])[at], [...path, at]));
  return [path];
}
