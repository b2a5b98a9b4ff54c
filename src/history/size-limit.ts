import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { LEVELS, levelAt, tableName } from './levels.ts';
import type { HistoryTables } from './tables.ts';
import type { Upkeep } from './upkeep.ts';

/** The order in which levels are cut, and how much of each is always kept. */
const ORDER = [
  { index: 1, leastS: 2 * 3600 },
  { index: 0, leastS: 600 },
  { index: 2, leastS: 2 * 86_400 },
  { index: 3, leastS: 64 * 86_400 },
  { index: 4, leastS: 64 * 86_400 },
];
/** Rows are deleted down to this share of the limit, so that not every look has to delete. */
const ENOUGH = 0.95;
/** The most steps in a row, so that others can write in between. */
const MOST_STEPS = 50;
const PAGES_GIVEN_BACK = 4096;

/** Returns the number of bytes that the rows of the store take. */
export async function sizeOf({ engine, kysely }: Database<HistoryTables>): Promise<number> {
  const { rows } =
    engine === 'sqlite'
      ? await sql<{ size: number }>`SELECT (page_count - freelist_count) * page_size AS size
          FROM pragma_page_count, pragma_freelist_count, pragma_page_size`.execute(kysely)
      : await sql<{ size: number | null }>`SELECT CAST(sum(pg_total_relation_size(oid)) AS bigint) AS size FROM pg_class
          WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
            AND (relname LIKE 'requests\\_%' OR relname LIKE 'history\\_%')`.execute(kysely);
  return rows[0]?.size ?? 0;
}

/** What was deleted: the rows of a level before a moment. */
export interface Cut {
  readonly level: string;
  readonly beforeMs: number;
}

/**
 * Deletes the oldest of the finest rows until the store is within its limit.
 * @returns what was deleted
 */
export async function limitSize(
  database: Database<HistoryTables>,
  upkeep: Upkeep,
  maxBytes: number,
  nowS: number,
): Promise<readonly Cut[]> {
  const cuts = new Map<string, Cut>();
  let isOver = (await sizeOf(database)) > maxBytes;
  if (!isOver) return [];
  for (let step = 0; step < MOST_STEPS && isOver; step += 1) {
    const cut = await cutOldest(database, upkeep, nowS);
    if (cut === undefined) break;
    cuts.set(cut.level, cut);
    isOver = (await sizeOf(database)) > maxBytes * ENOUGH;
  }
  if (database.engine === 'sqlite') {
    await sql`PRAGMA incremental_vacuum(${sql.lit(PAGES_GIVEN_BACK)})`.execute(database.kysely);
  }
  return [...cuts.values()];
}

async function cutOldest(database: Database<HistoryTables>, upkeep: Upkeep, nowS: number): Promise<Cut | undefined> {
  for (const { index, leastS } of ORDER) {
    const level = levelAt(index);
    const table = sql.table(tableName(level));
    const { rows } = await sql<{ chunk: number | null }>`SELECT min(chunk) AS chunk FROM ${table}`.execute(
      database.kysely,
    );
    const chunk = rows[0]?.chunk;
    if (chunk === undefined || chunk === null) continue;
    const unit = database.engine === 'postgres' ? (level.partitionChunks ?? 1) : 1;
    const beforeS = (Math.floor(chunk / unit) + 1) * unit * level.chunkPeriods * level.periodS;
    if (beforeS > nowS - leastS) continue;
    if (await upkeep.prune(index, beforeS)) return { level: LEVELS[index]?.name ?? '', beforeMs: beforeS * 1000 };
  }
  return undefined;
}
