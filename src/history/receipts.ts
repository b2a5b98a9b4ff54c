import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import type { HistoryTables } from './tables.ts';

/** The most sequences that are received after a missing one, a day of slots. Beyond it, missing ones are given up. */
const MAX_BEYOND = 8640;

/** What has been received from one process: all sequences up to `through`, and those in `beyond`. */
export interface Received {
  readonly node: string;
  readonly epoch: string;
  readonly through: number;
  /** In ascending order. */
  readonly beyond: readonly number[];
}

/** What has been received from one process, within a transaction. */
export class Receipts {
  readonly #node: string;
  readonly #epoch: string;
  #through: number;
  #latestS: number;
  readonly #beyond: Set<number>;

  private constructor(node: string, epoch: string, through: number, latestS: number, beyond: readonly number[]) {
    this.#node = node;
    this.#epoch = epoch;
    this.#through = through;
    this.#latestS = latestS;
    this.#beyond = new Set(beyond);
  }

  /** Locks the process's row: other transactions that read it wait until this one ends. */
  static async read(
    transaction: Transaction<HistoryTables>,
    engine: Database<unknown>['engine'],
    node: string,
    epoch: string,
  ): Promise<Receipts> {
    await sql`INSERT INTO history_sender (node, epoch, through, latest_s) VALUES (${node}, ${epoch}, 0, 0)
      ON CONFLICT DO NOTHING`.execute(transaction);
    const lock = engine === 'postgres' ? sql`FOR UPDATE` : sql``;
    const { rows } = await sql<{ through: number; latest_s: number }>`
      SELECT through, latest_s FROM history_sender WHERE node = ${node} AND epoch = ${epoch} ${lock}`.execute(
      transaction,
    );
    const beyond = await transaction
      .selectFrom('history_receipt')
      .select('sequence')
      .where('node', '=', node)
      .where('epoch', '=', epoch)
      .execute();
    const [sender] = rows;
    const sequences = beyond.map(({ sequence }) => sequence);
    return new Receipts(node, epoch, sender?.through ?? 0, sender?.latest_s ?? 0, sequences);
  }

  /** @returns false if the slot was received before */
  add(sequence: number, startS: number): boolean {
    if (sequence <= this.#through || this.#beyond.has(sequence)) return false;
    this.#beyond.add(sequence);
    this.#latestS = Math.max(this.#latestS, startS);
    this.#advance();
    while (this.#beyond.size > MAX_BEYOND) {
      this.#through = Math.min(...this.#beyond) - 1;
      this.#advance();
    }
    return true;
  }

  get received(): Received {
    const beyond = [...this.#beyond].toSorted((a, b) => a - b);
    return { node: this.#node, epoch: this.#epoch, through: this.#through, beyond };
  }

  async write(transaction: Transaction<HistoryTables>): Promise<void> {
    await transaction
      .updateTable('history_sender')
      .set({ through: this.#through, latest_s: this.#latestS })
      .where('node', '=', this.#node)
      .where('epoch', '=', this.#epoch)
      .execute();
    await transaction
      .deleteFrom('history_receipt')
      .where('node', '=', this.#node)
      .where('epoch', '=', this.#epoch)
      .where('sequence', '<=', this.#through)
      .execute();
    const rows = [...this.#beyond].map((sequence) => ({ node: this.#node, epoch: this.#epoch, sequence }));
    for (let from = 0; from < rows.length; from += 500) {
      const some = rows.slice(from, from + 500);
      await transaction
        .insertInto('history_receipt')
        .values(some)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  }

  #advance(): void {
    while (this.#beyond.delete(this.#through + 1)) this.#through += 1;
  }
}

/**
 * Forgets processes whose slots all begin before `oldestS`. Slots that they repeat are older than that too, and are
 * refused as too old.
 */
export async function forgetSenders(transaction: Transaction<HistoryTables>, oldestS: number): Promise<void> {
  await sql`DELETE FROM history_receipt WHERE EXISTS (
    SELECT 1 FROM history_sender AS sender WHERE sender.node = history_receipt.node
      AND sender.epoch = history_receipt.epoch AND sender.latest_s < ${oldestS})`.execute(transaction);
  await transaction.deleteFrom('history_sender').where('latest_s', '<', oldestS).execute();
}
