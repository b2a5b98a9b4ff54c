import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { tableOf } from '../database/table-of.ts';
import { Durations, encodeDurations } from './durations.ts';
import { chunkOf, tableName } from './levels.ts';
import type { Level } from './levels.ts';
import type { HistoryTables } from './tables.ts';

/** Longer histograms may contain several counts of one bucket, which can be added up. */
const COMPACT_OCTETS = 24;
const ROWS_A_PAGE = 500;
/** The complete primary key, so that each row is looked up and no other row is read. */
const COMPACTED = { chunk: 'integer', series: 'integer', at: 'integer', short: 'bytes', long: 'bytes' } as const;

/** Adds up the counts in histograms that were joined. Their meaning does not change. */
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
        // Only if the row has not changed in the meantime.
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
