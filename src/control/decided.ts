import { isRecord } from '../document/load.ts';
import { canonicalJson } from '../document/version.ts';
import { isByHand } from '../registry/conflict.ts';
import { withKept } from './contract-record.ts';
import type { Ownership, Resource } from '../registry/log.ts';
import type { Fault } from '../errors.ts';

type Json = Readonly<Record<string, unknown>>;
type Declared = NonNullable<Resource['declared']>;

/** One statement in several fields: it is decided here as a whole, or not at all. */
const TOGETHER: readonly (readonly string[])[] = [['clientSecret', 'clientSecrets']];

/**
 * What the owner's document says of fields that were decided here.
 * @param before what the decision found
 * @param document what it made of it
 * @returns undefined: nothing differs
 */
function declaredAfter(before: Resource, document: unknown): Declared | undefined {
  const [earlier, later] = [specOf(before.document), specOf(document)];
  const known = before.declared ?? {};
  const declared: Record<string, unknown> = {};
  for (const field of new Set([...Object.keys(known), ...Object.keys(earlier), ...Object.keys(later)])) {
    // No document says it: the control plane alone writes how a contract came to be.
    if (field === 'record') continue;
    const said = Object.hasOwn(known, field) ? known[field] : (earlier[field] ?? null);
    if (!isSame(said, later[field])) declared[field] = said;
  }
  return Object.keys(declared).length === 0 ? undefined : declared;
}

/** What a write makes of a document, and of what was decided before. */
export function decidedIn(
  document: Json,
  before: Resource | undefined,
  { owner, source, isDecision }: Ownership & { readonly isDecision?: boolean },
): WithDecided {
  const asWritten = { document, declared: undefined, kept: [] };
  if (before === undefined) return asWritten;
  if (isDecision === true) {
    return isByHand({ owner }) ? asWritten : { ...asWritten, declared: declaredAfter(before, document) };
  }
  // Who writes by hand decides with every document, as far as it says something.
  const isOwners = !isByHand({ owner }) && before.owner === owner && before.source === source;
  const decided = isOwners ? withDecided(document, before) : asWritten;
  return { ...decided, document: withKept(decided.document, before.document) };
}

/** What whoever applies the owner's document should know. */
export function keptWarning(text: string, field: string): Fault {
  const message =
    'is as it was decided here, and not as the document has it: change it in the document, or decide again, so that both say the same';
  return { file: text, line: 0, column: 0, field: `spec.${field}`, message, severity: 'warning' };
}

export interface WithDecided {
  readonly document: Json;
  readonly declared: Declared | undefined;
  /** Fields of `spec` that stay as they were decided, though the document says something else. */
  readonly kept: readonly string[];
}

/** A document of the owner, with what was decided here where it says nothing new. */
function withDecided(document: Json, before: Resource): WithDecided {
  const declared: Declared = before.declared ?? {};
  const spec: Json | undefined = isRecord(document['spec']) ? document['spec'] : undefined;
  if (spec === undefined) return { document, declared: undefined, kept: [] };
  const decided = specOf(before.document);
  const saidBefore = (field: string): unknown => (Object.hasOwn(declared, field) ? declared[field] : decided[field]);
  const kept = Object.keys(declared).filter((field) => {
    const group = TOGETHER.find((fields) => fields.includes(field)) ?? [field];
    // A status that is not written is nothing new: it never takes back a decision.
    return group.every(
      (each) => isSame(spec[each], saidBefore(each)) || (each === 'status' && spec[each] === undefined),
    );
  });
  if (kept.length === 0) return { document, declared: undefined, kept };
  const merged: Record<string, unknown> = { ...spec };
  for (const field of kept) {
    if (decided[field] === undefined) delete merged[field];
    else merged[field] = decided[field];
  }
  const left = Object.fromEntries(
    kept.filter((field) => !isSame(spec[field], decided[field])).map((field) => [field, spec[field] ?? null]),
  );
  return {
    document: { ...document, spec: merged },
    declared: Object.keys(left).length === 0 ? undefined : left,
    kept: Object.keys(left).filter((field) => spec[field] !== undefined && field !== 'record'),
  };
}

function specOf(document: unknown): Json {
  const spec = isRecord(document) ? document['spec'] : undefined;
  return isRecord(spec) ? spec : {};
}

/** Null and a field that is not there say the same. */
function isSame(one: unknown, other: unknown): boolean {
  return canonicalJson(one ?? null) === canonicalJson(other ?? null);
}

/** The set of what stands in a file is the file: who takes it over has none. */
export function setOf(before: Resource | undefined): string {
  return before === undefined || before.owner === 'files' ? '' : before.set;
}
