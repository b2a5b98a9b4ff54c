import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { ColumnKind } from '../database/table-of.ts';
import { tableOf } from '../database/table-of.ts';
import type { Database } from '../database/database.ts';
import type { Slot, SlotRow } from '../rollup/slot.ts';
import { DIMENSIONS } from '../rollup/slot.ts';
import { encodeDurations } from './durations.ts';
import { chunkOf, LEVELS, periodOf, tableName } from './levels.ts';
import type { Level } from './levels.ts';
import { addedTo, SUM_NAMES, US_A_MS } from './sums.ts';
import { COMPLETENESS, SUMS } from './tables.ts';
import type { HistoryTables } from './tables.ts';

type Engine = Database<unknown>['engine'];
/** The number of the series, the sums, and the histogram as hexadecimal digits. */
export type StoredRow = readonly (number | string)[];

const STATUS = DIMENSIONS.indexOf('status');
const OUTCOME = DIMENSIONS.indexOf('outcome');
const FIRST_ERROR = 500;

/** The most rows that one statement writes. */
const ROWS_A_STATEMENT = 500;

export function storedRow(series: number, row: SlotRow): StoredRow {
  const isError = Number(row.key[STATUS]) >= FIRST_ERROR;
  return [
    series,
    row.count,
    isError ? row.count : 0,
    row.key[OUTCOME] === 'blocked' ? row.count : 0,
    row.requestBytes,
    row.responseBytes,
    row.durationCount,
    Math.round(row.durationMs * US_A_MS),
    Math.round(row.policyMs * US_A_MS),
    encodeDurations(row.durations),
  ];
}

const ROW_COLUMNS: Readonly<Record<string, ColumnKind>> = {
  series: 'integer',
  ...Object.fromEntries(SUMS.map((name) => [name, 'integer'] as const)),
  durations: 'bytes',
};

/** Adds rows to those of one period of a level. It does not change other tables. */
export async function addRows(
  transaction: Transaction<HistoryTables>,
  engine: Engine,
  level: Level,
  period: number,
  rows: readonly StoredRow[],
): Promise<void> {
  const table = tableName(level);
  const chunk = chunkOf(level, period);
  const at = period - chunk * level.chunkPeriods;
  // All processes write in the same order, so that no two wait for each other.
  const sorted = rows.toSorted((a, b) => (a[0] as number) - (b[0] as number));
  for (let from = 0; from < sorted.length; from += ROWS_A_STATEMENT) {
    const source = tableOf(engine, ROW_COLUMNS, sorted.slice(from, from + ROWS_A_STATEMENT));
    await sql`INSERT INTO ${sql.table(table)} (chunk, series, at, ${SUM_NAMES})
      SELECT CAST(${chunk} AS integer), series, CAST(${at} AS integer), ${SUM_NAMES} FROM ${source} AS new WHERE true
      ON CONFLICT (chunk, series, at) DO UPDATE SET ${addedTo(engine, table)}`.execute(transaction);
  }
}

/** @param index the index of the level */
export async function addCompleteness(
  transaction: Transaction<HistoryTables>,
  index: number,
  slot: Pick<Slot, 'startMs' | 'completeness' | 'folded'>,
): Promise<void> {
  const level = LEVELS[index] as Level;
  const period = periodOf(level, slot.startMs / 1000);
  const { decided, reported, unreported, unknown } = slot.completeness;
  const values = { slots: 1, decided, reported, unreported, unknown, folded: slot.folded };
  await transaction
    .insertInto('history_completeness')
    .values({ level: index, period, ...values })
    .onConflict((conflict) =>
      conflict
        .columns(['level', 'period'])
        .doUpdateSet((expression) =>
          Object.fromEntries(
            COMPLETENESS.map((name) => [
              name,
              expression(`history_completeness.${name}`, '+', expression.ref(`excluded.${name}`)),
            ]),
          ),
        ),
    )
    .execute();
}
