import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { Answer, Question, SlotArchive } from '../rollup/question.ts';
import type { Slot } from '../rollup/slot.ts';
import { answerQuestion } from './answer.ts';
import { levelAt } from './levels.ts';
import { Partitions } from './partitions.ts';
import { receiveSlots } from './receiving.ts';
import type { Receipt } from './receiving.ts';
import { SeriesNumbers } from './series-numbers.ts';
import { limitSize, sizeOf } from './size-limit.ts';
import type { Cut } from './size-limit.ts';
import type { HistoryTables } from './tables.ts';
import { Upkeep } from './upkeep.ts';

export interface HistoryOptions {
  readonly clock: Clock;
  /** The most bytes that rows may take. Beyond it, the oldest of the finest rows are deleted. */
  readonly maxBytes?: number;
  readonly events?: HistoryEvents;
}

export interface HistoryEvents {
  answered(durationMs: number): void;
  /** @param bytes the size of the store */
  sized(bytes: number): void;
  /** Rows were deleted early, because the store is at its limit. */
  cut(cut: Cut): void;
}

/**
 * Stores slots: the counts of requests by time and key. Slots of any number of processes are added in any order, each
 * exactly once. Fine rows are added up into coarser ones, and deleted later.
 */
export class History implements SlotArchive {
  readonly #database: Database<HistoryTables>;
  readonly #options: HistoryOptions;
  readonly #numbers: SeriesNumbers;
  readonly #partitions: Partitions;
  readonly #upkeep: Upkeep;

  constructor(database: Database<HistoryTables>, options: HistoryOptions) {
    this.#database = database;
    this.#options = options;
    this.#numbers = new SeriesNumbers(database, options.clock);
    this.#partitions = new Partitions(database);
    this.#upkeep = new Upkeep({ database, partitions: this.#partitions, clock: options.clock });
  }

  /**
   * Adds all of the slots, or none. Slots that the receipt calls received are committed.
   * @throws DatabaseFault (rejects with it) if nothing was added: the slots can be sent again
   */
  receive(slots: readonly Slot[]): Promise<Receipt> {
    const { clock } = this.#options;
    return receiveSlots(
      { database: this.#database, numbers: this.#numbers, partitions: this.#partitions, clock },
      slots,
    );
  }

  /**
   * The number of the last slot of a process, up to which all have come.
   * @throws DatabaseFault
   */
  async through(node: string, epoch: string): Promise<number> {
    const row = await this.#database.kysely
      .selectFrom('history_sender')
      .select('through')
      .where('node', '=', node)
      .where('epoch', '=', epoch)
      .executeTakeFirst();
    return row?.through ?? 0;
  }

  /**
   * Up to when each node has sent slots, in milliseconds since the Unix epoch.
   * @throws DatabaseFault (rejects with it)
   */
  async latest(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.kysely
      .selectFrom('history_sender')
      .select(['node', ({ fn }) => fn.max('latest_s').as('latest_s')])
      .groupBy('node')
      .execute();
    return new Map(rows.map(({ node, latest_s: latestS }) => [node, latestS * 1000 + levelAt(0).periodS * 1000]));
  }

  /** @throws DatabaseFault (rejects with it) */
  async ask(question: Question): Promise<Answer> {
    const { clock, events } = this.#options;
    const begun = clock.monotonic();
    const answer = await answerQuestion(this.#database, question);
    events?.answered(clock.monotonic() - begun);
    return answer;
  }

  /**
   * Adds up periods that have ended, and deletes rows that are too old or too many. Call it about every ten seconds.
   * @throws DatabaseFault (rejects with it): the unfinished step is undone, and the next call repeats it
   */
  async keepUp(): Promise<void> {
    const { clock, maxBytes, events } = this.#options;
    await this.#upkeep.run();
    if (maxBytes !== undefined) {
      const cuts = await limitSize(this.#database, this.#upkeep, maxBytes, clock.now() / 1000);
      for (const cut of cuts) events?.cut(cut);
    }
    events?.sized(await sizeOf(this.#database));
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
