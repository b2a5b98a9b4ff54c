import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { tableOf } from '../database/table-of.ts';
import { Durations, encodeDurations } from './durations.ts';
import { chunkOf, tableName } from './levels.ts';
import type { Level } from './levels.ts';
import type { HistoryTables } from './tables.ts';

/** Histograms longer than this may have numbers that can be added. */
const COMPACT_OCTETS = 24;
const ROWS_A_PAGE = 500;
/** With their whole place, so that each row is looked up, and rows of others are not read. */
const COMPACTED = { chunk: 'integer', series: 'integer', at: 'integer', short: 'bytes', long: 'bytes' } as const;

/** Joined histograms become short ones. They say the same before and after. */
export async function compactDurations(
  { kysely, engine }: Database<HistoryTables>,
  level: Level,
  period: number,
): Promise<void> {
  const chunk = chunkOf(level, period);
  const at = period - chunk * level.chunkPeriods;
  for (const view of [undefined, ...level.views]) {
    const table = sql.table(tableName(level, view));
    let after = -1;
    for (;;) {
      const { rows } = await sql<{ series: number; durations: Uint8Array }>`SELECT series, durations FROM ${table}
          WHERE chunk = ${chunk} AND at = ${at} AND series > ${after} AND length(durations) > ${COMPACT_OCTETS}
          ORDER BY series LIMIT ${ROWS_A_PAGE}`.execute(kysely);
      const shorter = rows.flatMap(({ series, durations }) => {
        const sum = new Durations();
        sum.add(durations);
        const hex = encodeDurations(sum.pairs());
        return hex.length / 2 < durations.length
          ? [[chunk, series, at, hex, Buffer.from(durations).toString('hex')]]
          : [];
      });
      if (shorter.length > 0) {
        const source = tableOf(engine, COMPACTED, shorter);
        // Unless it has changed meanwhile.
        await sql`UPDATE ${table} SET durations = source.short FROM ${source} AS source
            WHERE ${table}.chunk = source.chunk AND ${table}.series = source.series AND ${table}.at = source.at
              AND ${table}.durations = source.long`.execute(kysely);
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_A_PAGE) break;
      after = last.series;
    }
  }
}
