import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { HistoryTables } from './tables.ts';

// Keys and texts that no row needs any more. Nobody counts their rows: each has the day of its last use, and rows before
// a moment are gone at all levels.

const DAY_S = 86_400;
/** Deleted in one transaction. */
const SOME = 2000;

/** @param prunedS by level: what lies before is no longer there @returns what was last used before this day is needed by no row */
export function firstDayInUse(prunedS: readonly number[]): number {
  return Math.floor(Math.min(...prunedS) / DAY_S);
}

/**
 * Deletes some of what was last used before a day: keys, and then texts, which are of the same day as the last of their
 * keys or of a later one. Nobody may add meanwhile.
 * @returns whether there may be more
 */
export async function deleteUnused(transaction: Transaction<HistoryTables>, day: number): Promise<boolean> {
  for (const table of ['history_series', 'history_text'] as const) {
    const { numAffectedRows = 0n } = await sql`DELETE FROM ${sql.table(table)} WHERE id IN (
      SELECT id FROM ${sql.table(table)} WHERE id > 0 AND used < ${day} ORDER BY id LIMIT ${SOME}) AND used < ${day}`.execute(
      transaction,
    );
    if (Number(numAffectedRows) >= SOME) return true;
  }
  return false;
}
