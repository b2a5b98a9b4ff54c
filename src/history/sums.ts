import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Counted, Order } from '../rollup/question.ts';
import { Durations } from './durations.ts';
import { SUMS } from './tables.ts';
import type { SumColumns } from './tables.ts';

type Engine = Database<unknown>['engine'];

/** Sums, and joined histograms: see `durations.ts`. */
export interface Totals extends SumColumns {
  readonly durations: Uint8Array;
}

export const US_A_MS = 1000;

export type SumName = (typeof SUMS)[number] | 'durations';

export const ALL_SUMS: readonly SumName[] = [...SUMS, 'durations'];

/** The expressions that add up rows in a statement. */
export function addedUp(engine: Engine, from: string, sums = ALL_SUMS): RawBuilder<unknown> {
  return sql.join(sums.map((name) => (name === 'durations' ? joinedDurations(engine, from) : sumOf(from, name))));
}

export function sumOf(from: string, column: string): RawBuilder<unknown> {
  return sql`CAST(sum(${sql.ref(`${from}.${column}`)}) AS bigint) AS ${sql.ref(column)}`;
}

function joinedDurations(engine: Engine, from: string): RawBuilder<unknown> {
  const column = sql.ref(`${from}.durations`);
  // SQLite's group_concat joins bytes unchanged, but declares the result a text.
  if (engine === 'sqlite') return sql`CAST(coalesce(group_concat(${column}, ''), '') AS blob) AS durations`;
  return sql`coalesce(string_agg(${column}, ''::bytea), ''::bytea) AS durations`;
}

/** For `ON CONFLICT … DO UPDATE`: the sum of the stored row and the new one. */
export function addedTo(engine: Engine, table: string): RawBuilder<unknown> {
  const own = sql.ref(`${table}.durations`);
  const both = sql`${own} || excluded.durations`;
  return sql.join([
    ...SUMS.map((name) => sql`${sql.ref(name)} = ${sql.ref(`${table}.${name}`)} + excluded.${sql.ref(name)}`),
    sql`durations = ${engine === 'sqlite' ? sql`CAST(${both} AS blob)` : both}`,
  ]);
}

export const SUM_NAMES: RawBuilder<unknown> = sql.join([...SUMS, 'durations'].map((name) => sql.ref(name)));

/** If all of these are 0, corrections have cancelled what was counted. */
const LEFT: readonly SumName[] = ['count', 'duration_count', 'request_bytes', 'response_bytes'];

export const IS_LEFT: RawBuilder<unknown> = sql.raw(LEFT.map((name) => `${name} <> 0`).join(' OR '));

/** The expressions by which statements rank sums. */
export const RANKS: Readonly<Record<Order, string>> = {
  count: 'count',
  errors: 'errors',
  denials: 'denials',
  bytes: 'request_bytes + response_bytes',
  duration: 'CASE WHEN duration_count > 0 THEN CAST(duration_us AS double precision) / duration_count ELSE 0 END',
};

/** The sums that a rank needs, and those that show whether anything is left. */
export function ranking(order: Order): readonly SumName[] {
  const needed = RANKS[order];
  return SUMS.filter((name) => LEFT.includes(name) || needed.includes(name));
}

/** Adds up several totals. */
export function countedOf(totals: readonly Totals[]): Counted {
  const durations = new Durations();
  const sums: Record<keyof SumColumns, number> = {
    count: 0,
    errors: 0,
    denials: 0,
    request_bytes: 0,
    response_bytes: 0,
    duration_count: 0,
    duration_us: 0,
    policy_us: 0,
  };
  for (const total of totals) {
    for (const name of SUMS) sums[name] += total[name];
    durations.add(total.durations);
  }
  return {
    count: sums.count,
    errors: sums.errors,
    denials: sums.denials,
    requestBytes: sums.request_bytes,
    responseBytes: sums.response_bytes,
    durationCount: sums.duration_count,
    durationMs: sums.duration_us / US_A_MS,
    policyMs: sums.policy_us / US_A_MS,
    durations: durations.pairs(),
  };
}
