import { sql } from 'kysely';
import type { RawBuilder, Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import { DIMENSIONS } from '../rollup/slot.ts';
import { chunkOf, LEVELS, levelAt, tableName, viewNumber, VIEWS } from './levels.ts';
import type { Level, View } from './levels.ts';
import type { Part } from './plan.ts';
import { addedUp, sumOf, SUM_NAMES } from './sums.ts';
import { COMPLETENESS } from './tables.ts';
import type { HistoryTables } from './tables.ts';

type Engine = Database<unknown>['engine'];
const DAY_S = 86_400;

type Work = Transaction<HistoryTables>;

/**
 * Computes one period of a level anew from the level before it. It replaces earlier rows, so it can be repeated. In a
 * transaction it is done completely or not at all.
 * @param index the index of the level, 1 or more
 * @param throughS computes it up to here alone, since the period still runs: it stays due
 */
export async function rollUp(
  transaction: Work,
  engine: Engine,
  index: number,
  period: number,
  throughS?: number,
): Promise<void> {
  const level = levelAt(index);
  const finer = levelAt(index - 1);
  const place = placeOf(level, period);
  const from = (period * level.periodS) / finer.periodS;
  const until = (throughS ?? (period + 1) * level.periodS) / finer.periodS;
  const source = within(finer, from, until);
  for (const view of [undefined, ...level.views]) {
    // A view that the finer level does not have is computed from this level's whole keys.
    const table = tableName(finer, view);
    if (view !== undefined && !finer.views.includes(view)) {
      await rollView(transaction, engine, level, view, period);
      continue;
    }
    const target = tableName(level, view);
    await clear(transaction, target, place);
    await sql`INSERT INTO ${sql.table(target)} (chunk, series, at, ${SUM_NAMES})
      SELECT CAST(${place.chunk} AS integer), series, CAST(${place.at} AS integer), ${addedUp(engine, 'source')}
      FROM ${sql.table(table)} AS source WHERE ${source} GROUP BY series`.execute(transaction);
  }
  await rollCompleteness(transaction, { index, period, from, until });
  const due = sql`WHERE level = ${index} AND period = ${period}`;
  await (
    throughS === undefined
      ? sql`DELETE FROM history_due ${due}`
      : sql`UPDATE history_due SET through_s = ${throughS} ${due}`
  ).execute(transaction);
}

/**
 * Computes the views of one period from the whole keys of the same level, after rows were added to that level
 * directly.
 */
export async function rollViews(transaction: Work, engine: Engine, index: number, period: number): Promise<void> {
  const level = levelAt(index);
  for (const view of level.views) await rollView(transaction, engine, level, view, period);
}

interface Place {
  readonly chunk: number;
  readonly at: number;
}

function placeOf(level: Level, period: number): Place {
  const chunk = chunkOf(level, period);
  return { chunk, at: period - chunk * level.chunkPeriods };
}

/** Selects the rows of one chunk in periods from `from` up to but not including `until`. */
function within(level: Level, from: number, until: number): RawBuilder<unknown> {
  const { chunk, at } = placeOf(level, from);
  return sql`chunk = ${chunk} AND at >= ${at} AND at < ${at + until - from}`;
}

async function clear(transaction: Work, table: string, { chunk, at }: Place): Promise<void> {
  await sql`DELETE FROM ${sql.table(table)} WHERE chunk = ${chunk} AND at = ${at}`.execute(transaction);
}

async function rollView(transaction: Work, engine: Engine, level: Level, view: View, period: number): Promise<void> {
  const place = placeOf(level, period);
  const target = tableName(level, view);
  const number = viewNumber(view);
  const has: ReadonlySet<string> = new Set(VIEWS[view]);
  const all = sql.join(DIMENSIONS.map((name) => sql.ref(name)));
  const cut = sql.join(DIMENSIONS.map((name) => (has.has(name) ? sql`series.${sql.ref(name)}` : sql`0`)));
  const rows = sql`${sql.table(tableName(level))} AS source JOIN history_series AS series ON series.id = source.series
    WHERE source.chunk = ${place.chunk} AND source.at = ${place.at}`;
  const order = sql.join(VIEWS[view].map((name) => sql`series.${sql.ref(name)}`));
  // Not later than that of the whole keys that they are cut from, whose texts they have.
  const day = Math.floor((period * level.periodS) / DAY_S);
  await sql`INSERT INTO history_series ("view", ${all}, used)
    SELECT DISTINCT CAST(${number} AS integer), ${cut}, CAST(${day} AS integer) FROM ${rows} ORDER BY ${order}
    ON CONFLICT ("view", ${all}) DO UPDATE SET used = excluded.used
      WHERE history_series.used < excluded.used`.execute(transaction);
  const same = sql.join(
    DIMENSIONS.map((name) => sql`viewed.${sql.ref(name)} = ${has.has(name) ? sql`series.${sql.ref(name)}` : sql`0`}`),
    sql` AND `,
  );
  await clear(transaction, target, place);
  await sql`INSERT INTO ${sql.table(target)} (chunk, series, at, ${SUM_NAMES})
    SELECT CAST(${place.chunk} AS integer), viewed.id, CAST(${place.at} AS integer), ${addedUp(engine, 'source')}
    FROM ${sql.table(tableName(level))} AS source JOIN history_series AS series ON series.id = source.series
    JOIN history_series AS viewed ON viewed."view" = ${number} AND ${same}
    WHERE source.chunk = ${place.chunk} AND source.at = ${place.at} GROUP BY viewed.id`.execute(transaction);
}

async function rollCompleteness(
  transaction: Work,
  { index, period, from, until }: Part & { readonly period: number },
): Promise<void> {
  await transaction
    .deleteFrom('history_completeness')
    .where('level', '=', index)
    .where('period', '=', period)
    .execute();
  const names = sql.join(COMPLETENESS.map((name) => sql.ref(name)));
  const sums = sql.join(COMPLETENESS.map((name) => sumOf('source', name)));
  await sql`INSERT INTO history_completeness (level, period, ${names})
    SELECT CAST(${index} AS integer), CAST(${period} AS bigint), ${sums} FROM history_completeness AS source
    WHERE level = ${index - 1} AND period >= ${from} AND period < ${until}
    HAVING count(*) > 0`.execute(transaction);
}

/** Marks the periods of all coarser levels that contain this moment: they must be computed anew. */
export async function markDue(transaction: Work, fromIndex: number, atS: number): Promise<void> {
  const values = LEVELS.flatMap((level, index) =>
    index > fromIndex ? [{ level: index, period: Math.floor(atS / level.periodS), through_s: 0 }] : [],
  );
  if (values.length === 0) return;
  await transaction
    .insertInto('history_due')
    .values(values)
    // What has been made of the part before the moment still holds.
    .onConflict((conflict) =>
      conflict.columns(['level', 'period']).doUpdateSet({ through_s: 0 }).where('history_due.through_s', '>', atS),
    )
    .execute();
}
