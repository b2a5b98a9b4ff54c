import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { Answer, Question, SlotArchive } from '../rollup/question.ts';
import type { Slot } from '../rollup/slot.ts';
import { answerQuestion } from './answer.ts';
import { Partitions } from './partitions.ts';

import { receiveSlots } from './receiving.ts';
import type { Receipt } from './receiving.ts';
import { SeriesNumbers } from './series-numbers.ts';
import type { HistoryTables } from './tables.ts';
import { Upkeep } from './upkeep.ts';

/**
 * The store of slots: what was counted of requests, by time and key. Slots of any number of processes are added, each
 * exactly once, in any order; finer ones are added up to coarser ones, and go.
 */
export class History implements SlotArchive {
  readonly #database: Database<HistoryTables>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #numbers: SeriesNumbers;
  readonly #partitions: Partitions;
  readonly #upkeep: Upkeep;

  constructor(database: Database<HistoryTables>, clock: Pick<Clock, 'now'>) {
    this.#database = database;
    this.#clock = clock;
    this.#numbers = new SeriesNumbers(database);
    this.#partitions = new Partitions(database);
    this.#upkeep = new Upkeep({ database, partitions: this.#partitions, clock });
  }

  /**
   * Adds slots, all or none. What the receipt says has come is committed.
   * @throws DatabaseFault nothing was added: they can be sent again
   */
  receive(slots: readonly Slot[]): Promise<Receipt> {
    const ports = {
      database: this.#database,
      numbers: this.#numbers,
      partitions: this.#partitions,
      clock: this.#clock,
    };
    return receiveSlots(ports, slots);
  }

  /** @throws DatabaseFault */
  ask(question: Question): Promise<Answer> {
    return answerQuestion(this.#database, question);
  }

  /**
   * Adds up what has ended, and deletes what is old. To be called every ten seconds or so.
   * @throws DatabaseFault what was begun is undone, and the next call does it
   */
  keepUp(): Promise<void> {
    return this.#upkeep.run();
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
