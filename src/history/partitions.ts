import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { LEVELS, tableName } from './levels.ts';
import type { Level } from './levels.ts';
import type { HistoryTables } from './tables.ts';

/** A statement; those that give rows give names of tables. */
type Run = (text: string) => Promise<{ readonly rows: readonly { readonly name: string }[] }>;

/** Of all processes on one database, one at a time makes or drops partitions. */
const PARTITION_LOCK = 0x6f737471;

/**
 * In PostgreSQL rows of a day lie together, and go together: deleting them one by one would leave holes to be swept.
 * What there is, is remembered. In SQLite there is nothing to do.
 */
export class Partitions {
  readonly #database: Database<HistoryTables>;
  readonly #made = new Set<string>();

  constructor(database: Database<HistoryTables>) {
    this.#database = database;
  }

  /** Makes room for the rows of a moment, at all levels. */
  async cover(atS: number): Promise<void> {
    if (this.#database.engine !== 'postgres') return;
    for (const level of LEVELS) await this.#make(level, atS);
  }

  /** The first chunk that is kept where those before `chunk` may go: partitions go as a whole. */
  static firstKept(engine: Database<unknown>['engine'], level: Level, chunk: number): number {
    if (engine !== 'postgres' || level.partitionChunks === undefined) return chunk;
    return Math.floor(chunk / level.partitionChunks) * level.partitionChunks;
  }

  /** Drops what lies before a chunk, which begins a partition. */
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
