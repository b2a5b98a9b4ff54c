import { sql } from 'kysely';
import type { RawBuilder, Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import type { ColumnKind } from '../database/table-of.ts';
import { tableOf } from '../database/table-of.ts';
import type { Condition } from '../rollup/question.ts';
import type { Dimension } from '../rollup/slot.ts';
import type { HistoryTables } from './tables.ts';

type Engine = Database<unknown>['engine'];

/** Makes a statement that selects the numbers of the requested series, of whole keys (0) or of a view. */
export type SeriesFilter = (viewNumber: number) => RawBuilder<unknown>;

/** @returns undefined if all series are requested */
export async function conditionsOf(
  transaction: Transaction<HistoryTables>,
  engine: Engine,
  where: readonly Condition[],
): Promise<SeriesFilter | undefined> {
  if (where.length === 0) return undefined;
  const conditions: RawBuilder<unknown>[] = [];
  const conditionOf = async ({ dimension, values, isExcluded, or }: Condition): Promise<RawBuilder<unknown>> => {
    const asked = tableOf(
      engine,
      { text: 'text' },
      values.map((value) => [value]),
    );
    const { rows } = await sql<{ id: number }>`
      SELECT id FROM history_text WHERE text IN (SELECT text FROM ${asked} AS asked)`.execute(transaction);
    // A text that was never stored has no number.
    const numbers = sql.join([-1, ...rows.map(({ id }) => id)].map((id) => sql.lit(id)));
    const own = sql`${sql.ref(dimension)} ${isExcluded ? sql`NOT IN` : sql`IN`} (${numbers})`;
    return or === undefined ? own : sql`(${own} OR ${await conditionOf(or)})`;
  };
  for (const condition of where) conditions.push(await conditionOf(condition));
  const all = sql.join(conditions, sql` AND `);
  return (view) => sql`SELECT id FROM history_series WHERE "view" = ${sql.lit(view)} AND ${all}`;
}

/** Makes a filter for the series of given combinations of values. */
export function combinationsOf(
  engine: Engine,
  by: readonly Dimension[],
  combinations: readonly (readonly number[])[],
  filter: SeriesFilter | undefined,
): SeriesFilter | undefined {
  if (by.length === 0) return filter;
  const columns = Object.fromEntries(by.map((name): [string, ColumnKind] => [name, 'integer']));
  const table = tableOf(engine, columns, combinations);
  // As a list: with a join, SQLite may read the combinations again for each series.
  const names = sql.join(by.map((name) => sql.ref(name)));
  return (view) => {
    const filtered = filter === undefined ? sql`` : sql`AND id IN (${filter(view)})`;
    return sql`SELECT id FROM history_series WHERE "view" = ${sql.lit(view)}
      AND (${names}) IN (SELECT ${names} FROM ${table} AS chosen) ${filtered}`;
  };
}
