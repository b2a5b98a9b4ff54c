import type { Issue } from '../issues.ts';
import { checkJson } from './json-check.ts';
import type { TextFault } from './json-check.ts';
import { elements, members, skipSpace } from './json-scan.ts';
import type { Member, Range } from './json-scan.ts';
import { inspectValue, MAX_DOCUMENT_BYTES } from './value.ts';

/** A value and where it stands in its file, or what keeps it from being read. */
export type Parsed = Range &
  (
    | { readonly value: unknown; /** Of no schema: what no document may have. */ readonly issues: readonly Issue[] }
    | { readonly faults: readonly TextFault[] }
  );

/** The documents of a JSON file: an object, a list of objects, or `{kind: List, items}`. */
export function* readJson(text: string): Generator<Parsed> {
  const start = skipSpace(text, 0);
  if (start === text.length) return;
  if (text[start] === '[') {
    const close = yield* readItems(text, start);
    if (close !== undefined && skipSpace(text, close + 1) < text.length) yield broken(text);
    return;
  }
  const shell = text[start] === '{' ? listShell(text, start) : undefined;
  if (shell === undefined) {
    const end = text.trimEnd().length;
    yield parsePart(text, { start, end, members: undefined }) ?? broken(text);
  } else {
    yield* readList(text, start, shell);
  }
}

/** The members of an object that is a list of documents; undefined where it is a document. */
function listShell(text: string, start: number): readonly Member[] | undefined {
  const shell: Member[] = [];
  for (const member of members(text, start)) {
    // No document has so many members, so this is a list.
    if (shell.push(member) > 16) return undefined;
  }
  const isList = shell.some(({ key, ...range }) => key === 'kind' && text.slice(range.start, range.end) === '"List"');
  return isList ? shell : undefined;
}

function* readList(text: string, start: number, shell: readonly Member[]): Generator<Parsed> {
  const faults: TextFault[] = [];
  const seen = new Set<string>();
  for (const { key, keyStart } of shell) {
    if (seen.has(key)) faults.push({ offset: keyStart, message: 'duplicate key: it is given twice in this object' });
    else if (!['apiVersion', 'kind', 'metadata', 'items'].includes(key)) {
      faults.push({ offset: keyStart, message: 'unknown field of a List (known: apiVersion, kind, metadata, items)' });
    }
    seen.add(key);
  }
  const items = shell.find(({ key }) => key === 'items');
  if (items === undefined) faults.push({ offset: start, message: 'a List has "items"' });
  else if (text[items.start] !== '[') faults.push({ offset: items.start, message: 'expected a list' });
  if (faults.length > 0) yield { start, end: start, faults };
  if (items === undefined || text[items.start] !== '[') return;
  const close = yield* readItems(text, items.start);
  if (close === undefined) return;
  try {
    JSON.parse(`${text.slice(0, items.start)}0${text.slice(close + 1)}`);
  } catch {
    yield broken(text);
  }
}

/** @returns the offset of the closing bracket; undefined where the text is no JSON, after saying so */
function* readItems(text: string, from: number): Generator<Parsed, number | undefined> {
  const items = elements(text, from);
  for (;;) {
    const next = items.next();
    if (next.done === true) {
      if (text[next.value] === ']') return next.value;
      yield broken(text);
      return undefined;
    }
    const part = parsePart(text, next.value);
    yield part ?? broken(text);
    if (part === undefined) return undefined;
  }
}

/** @returns undefined where the part is no JSON */
function parsePart(text: string, part: Range & { readonly members: number | undefined }): Parsed | undefined {
  const { start, end } = part;
  if (end - start > MAX_DOCUMENT_BYTES) {
    const message = `a document is at most ${MAX_DOCUMENT_BYTES} characters; several belong in a list`;
    return { start, end, faults: [{ offset: start, message }] };
  }
  let value: unknown;
  try {
    value = JSON.parse(text.slice(start, end));
  } catch {
    return undefined;
  }
  // A parser keeps the last of duplicate keys: where it kept fewer than were written, some are.
  const { members: kept, issues } = inspectValue(value);
  if (kept !== part.members) {
    const faults = checkJson(text, start, end);
    if (faults.length > 0) return { start, end, faults };
  }
  return { start, end, value, issues };
}

function broken(text: string): Parsed {
  const faults = checkJson(text, 0, text.length);
  return { start: 0, end: text.length, faults: faults.length > 0 ? faults : [{ offset: 0, message: 'is not JSON' }] };
}

/** Where the value at a path starts, or the name of its last field; what is not there has the place of what would hold it. */
export function locateInJson(text: string, start: number, path: readonly PropertyKey[], at: 'key' | 'value'): number {
  let offset = start;
  for (const [depth, part] of path.entries()) {
    const parts: Generator<Range & { readonly key?: string; readonly keyStart?: number }> =
      text[offset] === '{' ? members(text, offset) : elements(text, offset);
    let index = 0;
    let found: (Range & { readonly keyStart?: number }) | undefined;
    for (const candidate of parts) {
      if (part === (candidate.key ?? index)) found = candidate;
      if (found !== undefined) break;
      index++;
    }
    if (found === undefined) return offset;
    if (at === 'key' && depth === path.length - 1) return found.keyStart ?? found.start;
    offset = found.start;
  }
  return offset;
}
