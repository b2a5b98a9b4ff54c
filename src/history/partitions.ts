import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { LEVELS, tableName } from './levels.ts';
import type { Level } from './levels.ts';
import type { HistoryTables } from './tables.ts';

/** Runs a statement. Rows of its result are names of tables. */
type Run = (text: string) => Promise<{ readonly rows: readonly { readonly name: string }[] }>;

/** The lock that lets only one process of a database create or drop partitions at a time. */
const PARTITION_LOCK = 0x6f737471;

/**
 * In PostgreSQL, the rows of a day are a partition, which is dropped as a whole: deleting rows one by one would leave
 * space to be vacuumed. Existing partitions are remembered. In SQLite this class does nothing.
 */
export class Partitions {
  readonly #database: Database<HistoryTables>;
  readonly #made = new Set<string>();

  constructor(database: Database<HistoryTables>) {
    this.#database = database;
  }

  /** Creates the partitions for a moment, at all levels. */
  async cover(atS: number): Promise<void> {
    if (this.#database.engine !== 'postgres') return;
    for (const level of LEVELS) await this.#make(level, atS);
  }

  /** Partitions are dropped as a whole: returns the first chunk that stays if chunks before `chunk` may be dropped. */
  static firstKept(engine: Database<unknown>['engine'], level: Level, chunk: number): number {
    if (engine !== 'postgres' || level.partitionChunks === undefined) return chunk;
    return Math.floor(chunk / level.partitionChunks) * level.partitionChunks;
  }

  /** Drops the partitions before a chunk, which is the first of its partition. */
  async drop(level: Level, chunk: number): Promise<void> {
    const { partitionChunks } = level;
    if (partitionChunks === undefined) throw new TypeError('this level has no partitions');
    const first = chunk / partitionChunks;
    await this.#alone(async (run) => {
      for (const view of [undefined, ...level.views]) {
        const table = tableName(level, view);
        const { rows } = await run(
          `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '${table}'::regclass`,
        );
        for (const { name } of rows) {
          const bare = name.replaceAll('"', '');
          if (Number(bare.slice(bare.lastIndexOf('_p') + 2)) < first) await run(`DROP TABLE ${name}`);
        }
      }
    });
    this.#made.clear();
  }

  async #make(level: Level, atS: number): Promise<void> {
    const { periodS, chunkPeriods, partitionChunks } = level;
    if (partitionChunks === undefined) return;
    const number = Math.floor(atS / (periodS * chunkPeriods * partitionChunks));
    const key = `${level.name} ${number}`;
    if (this.#made.has(key)) return;
    const from = number * partitionChunks;
    await this.#alone(async (run) => {
      for (const view of [undefined, ...level.views]) {
        const table = tableName(level, view);
        await run(
          `CREATE TABLE IF NOT EXISTS "${table}_p${number}" PARTITION OF "${table}" FOR VALUES FROM (${from}) TO (${from + partitionChunks})`,
        );
      }
    });
    this.#made.add(key);
  }

  async #alone(work: (run: Run) => Promise<void>): Promise<void> {
    await this.#database.kysely.transaction().execute(async (transaction) => {
      await sql`SELECT pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(transaction);
      await work((text) => sql.raw<{ name: string }>(text).execute(transaction));
    });
  }
}
