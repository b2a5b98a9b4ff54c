import type { Kysely, SelectQueryBuilder } from 'kysely';
import { changeRowsAfter, isStorable } from '../registry/read.ts';
import type { ChangeTable } from '../registry/tables.ts';
import { CHANGE_ACTIONS } from './event.ts';
import type { AuditKysely, AuditTables, EventTable } from './tables.ts';

/** One of either chain, in the order of both: an event comes after the change that it names. */
export type AuditRow =
  | { readonly change: ChangeTable; readonly event?: never }
  | { readonly event: EventTable; readonly change?: never };

/** How far both chains were read. */
export interface AuditPosition {
  readonly revision: number;
  readonly sequence: number;
}

/** What meets all of it. */
export interface AuditQuestion {
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly actor?: string | undefined;
  readonly credential?: string | undefined;
  readonly address?: string | undefined;
  /** One of events, or `created`, `changed`, `deleted`. */
  readonly action?: string | undefined;
  /** Changes are `done`. */
  readonly outcome?: string | undefined;
  /** Milliseconds since the Unix epoch, included. */
  readonly sinceMs?: number | undefined;
  /** Not included. */
  readonly untilMs?: number | undefined;
  /** Only what is before it, in either chain; absent: everything. */
  readonly before?: AuditPosition | undefined;
  readonly limit: number;
}

const SAME_COLUMNS = ['kind', 'namespace', 'name', 'actor', 'credential', 'address'] as const;

/** The latest first. */
export async function auditRows(kysely: Kysely<AuditTables>, question: AuditQuestion): Promise<readonly AuditRow[]> {
  if (SAME_COLUMNS.some((column) => !isStorable(question[column] ?? ''))) return [];
  const [changes, events] = await Promise.all([changesOf(kysely, question), eventsOf(kysely, question)]);
  const rows: AuditRow[] = [...changes.map((change) => ({ change })), ...events.map((event) => ({ event }))];
  return rows.sort((one, other) => comparePlaces(placeOf(other), placeOf(one))).slice(0, question.limit);
}

async function changesOf(kysely: Kysely<AuditTables>, question: AuditQuestion): Promise<readonly ChangeTable[]> {
  const { action, outcome, sinceMs, untilMs, before, limit } = question;
  if ((outcome ?? 'done') !== 'done') return [];
  let query = kysely.selectFrom('registry_change').selectAll().orderBy('revision', 'desc').limit(limit);
  for (const column of SAME_COLUMNS) {
    const wanted = question[column];
    if (wanted !== undefined) query = query.where(column, '=', wanted);
  }
  switch (action) {
    case undefined:
      break;
    case 'created':
      query = query.where('before', '=', '');
      break;
    case 'changed':
      query = query.where('before', '<>', '').where('after', '<>', '');
      break;
    case 'deleted':
      query = query.where('after', '=', '');
      break;
    default:
      return [];
  }
  if (sinceMs !== undefined) query = query.where('changed_at', '>=', sinceMs);
  if (untilMs !== undefined) query = query.where('changed_at', '<', untilMs);
  if (before !== undefined) query = query.where('revision', '<', before.revision);
  return query.execute();
}

async function eventsOf(kysely: Kysely<AuditTables>, question: AuditQuestion): Promise<readonly EventTable[]> {
  const { action, outcome, sinceMs, untilMs, before, limit } = question;
  if (CHANGE_ACTIONS.some((each) => each === action)) return [];
  let query: SelectQueryBuilder<AuditTables, 'audit_event', EventTable> = kysely
    .selectFrom('audit_event')
    .selectAll()
    .orderBy('sequence', 'desc')
    .limit(limit);
  for (const column of SAME_COLUMNS) {
    const wanted = question[column];
    if (wanted !== undefined) query = query.where(column, '=', wanted);
  }
  if (action !== undefined) query = query.where('action', '=', action);
  if (outcome !== undefined) query = query.where('outcome', '=', outcome);
  // What was counted counts as long as it went on.
  if (sinceMs !== undefined) query = query.where('until_at', '>=', sinceMs);
  if (untilMs !== undefined) query = query.where('happened_at', '<', untilMs);
  if (before !== undefined) query = query.where('sequence', '<', before.sequence);
  return query.execute();
}

/** The position that comes before these rows, the latest first: for the next page. */
export function positionBefore(rows: readonly AuditRow[], before: AuditPosition): AuditPosition {
  let { revision, sequence } = before;
  for (const { change, event } of rows) {
    if (change !== undefined) revision = Math.min(revision, change.revision);
    else sequence = Math.min(sequence, event.sequence);
  }
  return { revision, sequence };
}

/**
 * What was written after a position, in order. The order of each chain is that in which it was written; an event may have been
 * written while a later change was, and then comes after that.
 */
export async function auditRowsAfter(
  kysely: AuditKysely,
  { revision, sequence }: AuditPosition,
  limit: number,
): Promise<readonly AuditRow[]> {
  // Events first: the changes that they name are there then.
  const events = await eventRowsAfter(kysely, sequence, limit);
  const changes = await changeRowsAfter(kysely, revision, limit);
  const lastChange = changes.length < limit ? Infinity : (changes.at(-1)?.revision ?? 0);
  const lastEvent = events.length < limit ? undefined : events.at(-1);
  const rows: AuditRow[] = [
    // No event before the change that it names.
    ...events.filter(({ head_revision: at }) => at <= lastChange).map((event) => ({ event })),
    ...changes.map((change) => ({ change })),
  ];
  rows.sort((one, other) => comparePlaces(placeOf(one), placeOf(other)));
  // Nor a change before earlier events that were not read.
  if (lastEvent === undefined) return rows;
  const end = placeOf({ event: lastEvent });
  return rows.filter((row) => comparePlaces(placeOf(row), end) <= 0);
}

export async function eventRowsAfter(
  kysely: AuditKysely,
  sequence: number,
  limit: number,
): Promise<readonly EventTable[]> {
  return (kysely as Kysely<AuditTables>)
    .selectFrom('audit_event')
    .selectAll()
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(limit)
    .execute();
}

/** The position after rows that {@link auditRowsAfter} has given. */
export function positionAfter(rows: readonly AuditRow[], { revision, sequence }: AuditPosition): AuditPosition {
  const at = { revision, sequence };
  for (const { change, event } of rows) {
    if (change !== undefined) at.revision = change.revision;
    else at.sequence = event.sequence;
  }
  return at;
}

type Place = readonly [number, number];

function placeOf({ change, event }: AuditRow): Place {
  return change === undefined ? [event.head_revision, event.sequence] : [change.revision, 0];
}

function comparePlaces([revision, sequence]: Place, [otherRevision, otherSequence]: Place): number {
  return revision - otherRevision || sequence - otherSequence;
}
