import { canonicalJson } from '../document/version.ts';
import { contentDigest } from '../registry/chain.ts';
import type { ReplayedChange } from '../registry/replay.ts';
import type { ChangeTable } from '../registry/tables.ts';
import type { AuditRow } from './reading.ts';
import type { EventTable } from './tables.ts';

// The lines of an export, and what syslog is sent: JSON, one a line. Fields may be added, but never removed.

/** What a change was before or after, as far as whoever reads it may see it; undefined: as it is kept. */
export type View = (content: unknown) => unknown;

/** A change as a line. */
export interface ChangeLine {
  readonly type: 'change';
  readonly revision: number;
  readonly at: string;
  readonly action: string;
  readonly outcome: 'done';
  readonly actor: string;
  readonly credential: string;
  readonly address: string;
  readonly reason: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Null: there was none. */
  readonly before: unknown;
  readonly after: unknown;
  /** SHA-256 of what they are as canonical JSON, where what they hold was left out of them. */
  readonly beforeDigest?: string;
  readonly afterDigest?: string;
  readonly hash: string;
}

/** An event as a line. */
export interface EventLine {
  readonly type: 'event';
  readonly sequence: number;
  readonly at: string;
  readonly action: string;
  readonly outcome: string;
  readonly actor: string;
  readonly credential: string;
  readonly address: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly detail: unknown;
  readonly count: number;
  readonly until: string;
  readonly headRevision: number;
  readonly headHash: string;
  readonly hash: string;
}

/** Where an export begins. */
export interface BeginLine {
  readonly type: 'begin';
  readonly format: typeof EXPORT_FORMAT;
  readonly version: 1;
  readonly history: string;
  /** What is before the first line, with the hashes of that. */
  readonly revision: number;
  readonly hash: string;
  readonly sequence: number;
  readonly eventHash: string;
}

export const EXPORT_FORMAT = 'ostiary audit';

export function lineOf({ change, event }: AuditRow, view?: View): ChangeLine | EventLine {
  return change === undefined ? eventLine(event) : changeLine(change, view);
}

function changeLine(row: ChangeTable, view?: View): ChangeLine {
  const { revision, changed_at, actor, credential, address, reason, kind, namespace, name, hash } = row;
  const before = seenOf(row.before, view);
  const after = seenOf(row.after, view);
  const isWhole = before.isWhole && after.isWhole;
  return {
    type: 'change',
    revision,
    at: new Date(changed_at).toISOString(),
    action: effectOf({ before: before.content, after: after.content }),
    outcome: 'done',
    actor,
    credential,
    address,
    reason,
    kind,
    namespace,
    name,
    before: before.content,
    after: after.content,
    ...(!isWhole && row.before !== '' && { beforeDigest: contentDigest(row.before) ?? '' }),
    ...(!isWhole && row.after !== '' && { afterDigest: contentDigest(row.after) ?? '' }),
    hash,
  };
}

/** What a change did, as an action. */
export function effectOf({ before, after }: Pick<ChangeLine, 'before' | 'after'>): string {
  return before === null ? 'created' : after === null ? 'deleted' : 'changed';
}

function eventLine(row: EventTable): EventLine {
  const { sequence, happened_at, action, outcome, actor, credential, address, kind, namespace, name } = row;
  return {
    type: 'event',
    sequence,
    at: new Date(happened_at).toISOString(),
    action,
    outcome,
    actor,
    credential,
    address,
    kind,
    namespace,
    name,
    detail: contentOf(row.detail),
    count: row.count,
    until: new Date(row.until_at).toISOString(),
    headRevision: row.head_revision,
    headHash: row.head_hash,
    hash: row.hash,
  };
}

/** A content as far as it is seen, and whether that is all of it. */
function seenOf(text: string, view: View | undefined): { readonly content: unknown; readonly isWhole: boolean } {
  const content = contentOf(text);
  if (view === undefined || content === null) return { content, isWhole: true };
  const seen = view(content);
  return { content: seen, isWhole: canonicalJson(seen) === text };
}

/** Text that is no JSON was altered: it is shown as it is. */
function contentOf(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The event that a line shows. */
export function eventOfLine(line: EventLine): EventTable {
  const { sequence, at, action, outcome, actor, credential, address, kind, namespace, name, count, until, hash } = line;
  return {
    sequence,
    happened_at: Date.parse(at),
    action,
    outcome,
    actor,
    credential,
    address,
    kind,
    namespace,
    name,
    detail: typeof line.detail === 'string' ? line.detail : canonicalJson(line.detail),
    count,
    until_at: Date.parse(until),
    head_revision: line.headRevision,
    head_hash: line.headHash,
    hash,
  };
}

/** The change that a line shows. */
export function changeOfLine(line: ChangeLine): ReplayedChange {
  const { revision, at, actor, credential, address, reason, kind, namespace, name, before, after, hash } = line;
  const same = { revision, at: Date.parse(at), actor, credential, address, reason, kind, namespace, name, hash };
  const { beforeDigest, afterDigest } = line;
  if (beforeDigest === undefined && afterDigest === undefined) {
    return { ...same, before: textOf(before), after: textOf(after) };
  }
  return { ...same, before: undefined, after: undefined, withheld: { before: beforeDigest, after: afterDigest } };
}

function textOf(content: unknown): string | undefined {
  return content === null || content === undefined ? undefined : canonicalJson(content);
}
