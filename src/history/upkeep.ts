import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { compactDurations } from './compact-durations.ts';
import { LEVELS, levelAt, tableName } from './levels.ts';
import type { Level } from './levels.ts';
import { Partitions } from './partitions.ts';
import { forgetSenders } from './receipts.ts';
import { HISTORY_LOCK, REMEMBERED_S } from './receiving.ts';
import { rollUp } from './roll-up.ts';
import type { HistoryTables } from './tables.ts';
import { deleteUnused, firstDayInUse } from './unused.ts';

/** A period is added up this long after its end, so that most of its slots have arrived; and again if more arrive. */
const GRACE_S = 15;
/** For each level: how long to wait before a late slot causes a period to be added up again. */
const AGAIN_AFTER_S = [0, 0, 60, 600, 3600] as const;
/** For each level: how often a period that still runs is added up. Whole periods of the level before. */
const RUNNING_PARTS_S = [0, 0, 600, 3600, 86_400] as const;
/** The most chunks that one transaction deletes. */
const CHUNKS_A_TIME = 6;

export interface UpkeepPorts {
  readonly database: Database<HistoryTables>;
  readonly partitions: Partitions;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Adds up periods that have ended, and deletes old rows. Each step is done completely or not at all: the process may
 * end at any moment.
 */
export class Upkeep {
  readonly #ports: UpkeepPorts;
  /** For each level, when it was last added up. */
  readonly #rolledS: number[] = LEVELS.map(() => -Infinity);
  #forgotS = -Infinity;
  /** All that was last used before this day is deleted. */
  #sweptDay = 0;

  constructor(ports: UpkeepPorts) {
    this.#ports = ports;
  }

  async run(): Promise<void> {
    for (const [index] of LEVELS.entries()) {
      if (index > 0) await this.#rollLevel(index);
      if (index > 1) await this.#rollRunning(index);
    }
    for (const [index, level] of LEVELS.entries()) await this.#retain(index, level);
    await this.#forget();
    await this.#sweep();
  }

  /**
   * Deletes rows of a level before a moment, but none that were not added up yet.
   * @returns whether any were deleted
   */
  async prune(index: number, untilS: number): Promise<boolean> {
    const { database, partitions } = this.#ports;
    const level = levelAt(index);
    const isDivided = database.engine === 'postgres' && level.partitionChunks !== undefined;
    const chunkS = level.periodS * level.chunkPeriods;
    const wanted = Partitions.firstKept(database.engine, level, Math.floor(untilS / chunkS));
    const first = await this.#firstChunk(level);
    // A table that was not pruned for long is emptied in several calls.
    let chunk = isDivided ? wanted : Math.min(first ?? wanted, wanted);
    for (;;) {
      chunk = Math.min(wanted, chunk + CHUNKS_A_TIME);
      if (!(await this.#alone((transaction) => this.#pruneTo(transaction, index, chunk, isDivided)))) return false;
      if (chunk === wanted) break;
    }
    if (isDivided) await partitions.drop(level, wanted);
    return first !== undefined && first < wanted;
  }

  /** @returns false if nothing was done: all rows were deleted before, or a part was not added up yet */
  async #pruneTo(
    transaction: Transaction<HistoryTables>,
    index: number,
    chunk: number,
    isDivided: boolean,
  ): Promise<boolean> {
    const level = levelAt(index);
    const untilS = chunk * level.periodS * level.chunkPeriods;
    if (untilS <= (await prunedS(transaction, index)) || untilS > (await firstDueS(transaction, index + 1)))
      return false;
    await transaction.updateTable('history_level').set({ pruned_s: untilS }).where('level', '=', index).execute();
    await transaction
      .deleteFrom('history_completeness')
      .where('level', '=', index)
      .where('period', '<', chunk * level.chunkPeriods)
      .execute();
    if (isDivided) return true;
    for (const view of [undefined, ...level.views]) {
      await sql`DELETE FROM ${sql.table(tableName(level, view))} WHERE chunk < ${chunk}`.execute(transaction);
    }
    return true;
  }

  async #rollLevel(index: number): Promise<void> {
    const { database, clock } = this.#ports;
    const nowS = clock.now() / 1000;
    const level = levelAt(index);
    if (nowS - (this.#rolledS[index] as number) < (AGAIN_AFTER_S[index] as number)) return;
    const before = Math.floor((nowS - GRACE_S) / level.periodS);
    const due = await database.kysely
      .selectFrom('history_due')
      .select('period')
      .where('level', '=', index)
      .where('period', '<', before)
      .orderBy('period')
      .execute();
    for (const { period } of due) {
      const isDone = await this.#alone(async (transaction) => {
        if (index > 1 && (await this.#hasDue(transaction, index - 1, level, period))) return false;
        await rollUp(transaction, database.engine, index, period);
        return true;
      });
      if (isDone) await compactDurations(database, level, period);
    }
    if (due.length > 0) this.#rolledS[index] = nowS;
  }

  /** Adds up the period that still runs, so that questions about a long time need not read all its parts. */
  async #rollRunning(index: number): Promise<void> {
    const { database, clock } = this.#ports;
    const nowS = clock.now() / 1000;
    const level = levelAt(index);
    const period = Math.floor(nowS / level.periodS);
    const partS = RUNNING_PARTS_S[index] as number;
    const isDone = await this.#alone(async (transaction) => {
      const due = await transaction
        .selectFrom('history_due')
        .select('through_s')
        .where('level', '=', index)
        .where('period', '=', period)
        .executeTakeFirst();
      const endS = Math.min(nowS - GRACE_S, await firstDueS(transaction, index - 1, period * level.periodS));
      const throughS = Math.floor(endS / partS) * partS;
      if (due === undefined || throughS <= Math.max(due.through_s, period * level.periodS)) return false;
      await rollUp(transaction, database.engine, index, period, throughS);
      return true;
    });
    if (isDone) await compactDurations(database, level, period);
  }

  /** Whether a part of the period must be added up first. */
  async #hasDue(
    transaction: Transaction<HistoryTables>,
    index: number,
    level: Level,
    period: number,
  ): Promise<boolean> {
    const ratio = level.periodS / levelAt(index).periodS;
    const row = await transaction
      .selectFrom('history_due')
      .select('period')
      .where('level', '=', index)
      .where('period', '>=', period * ratio)
      .where('period', '<', (period + 1) * ratio)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  async #retain(index: number, level: Level): Promise<void> {
    await this.prune(index, this.#ports.clock.now() / 1000 - level.keepS);
  }

  async #forget(): Promise<void> {
    const nowS = this.#ports.clock.now() / 1000;
    if (nowS - this.#forgotS < 3600) return;
    await this.#alone((transaction) => forgetSenders(transaction, nowS - REMEMBERED_S));
    this.#forgotS = nowS;
  }

  /** There is something once the rows of a whole chunk of the coarsest level have gone. */
  async #sweep(): Promise<void> {
    const { kysely } = this.#ports.database;
    const levels = await kysely.selectFrom('history_level').select('pruned_s').execute();
    const day = firstDayInUse(levels.map((level) => level.pruned_s));
    if (day <= this.#sweptDay) return;
    while (await this.#alone((transaction) => deleteUnused(transaction, day))) {
      // The next few.
    }
    this.#sweptDay = day;
  }

  async #firstChunk(level: Level): Promise<number | undefined> {
    const { rows } = await sql<{
      chunk: number | null;
    }>`SELECT min(chunk) AS chunk FROM ${sql.table(tableName(level))}`.execute(this.#ports.database.kysely);
    return rows[0]?.chunk ?? undefined;
  }

  /** Runs a transaction while nobody else adds or rolls up. */
  #alone<T>(work: (transaction: Transaction<HistoryTables>) => Promise<T>): Promise<T> {
    const { kysely, engine } = this.#ports.database;
    return kysely.transaction().execute(async (transaction) => {
      if (engine === 'postgres') await sql`SELECT pg_advisory_xact_lock(${HISTORY_LOCK})`.execute(transaction);
      return work(transaction);
    });
  }
}

async function prunedS(transaction: Transaction<HistoryTables>, index: number): Promise<number> {
  const row = await transaction
    .selectFrom('history_level')
    .select('pruned_s')
    .where('level', '=', index)
    .executeTakeFirstOrThrow();
  return row.pruned_s;
}

/** The beginning of the first period that must be computed anew, of those since a moment. */
async function firstDueS(transaction: Transaction<HistoryTables>, index: number, sinceS = 0): Promise<number> {
  const level = LEVELS[index];
  if (level === undefined) return Infinity;
  const row = await transaction
    .selectFrom('history_due')
    .select('period')
    .where('level', '=', index)
    .where('period', '>=', Math.floor(sinceS / level.periodS))
    .orderBy('period')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? Infinity : row.period * level.periodS;
}
