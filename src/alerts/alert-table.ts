import { sql } from 'kysely';
import type { Database, Schema } from '../database/database.ts';
import { keptIn, keptText } from './kept-alerts.ts';
import type { AlertKeeper } from './kept-alerts.ts';

export interface AlertTables {
  /** One row at most. */
  readonly alert_state: {
    readonly id: number;
    /** Who reads the state to go on with it has the next term, and may write until somebody else does. */
    readonly term: number;
    /** As in {@link keptText}. */
    readonly kept: string;
  };
}

export const alertSchema: Schema = {
  part: 'alerts',
  migrations: [
    {
      version: 1,
      up: async ({ kysely }) => {
        await sql`CREATE TABLE alert_state (id integer PRIMARY KEY, term bigint NOT NULL, kept text NOT NULL)`.execute(
          kysely,
        );
      },
    },
  ],
};

const ROW = 1;

/** Whether alerts were evaluated on this database before: some may be firing. */
export async function hasAlertState({ kysely }: Database<AlertTables>): Promise<boolean> {
  return (await kysely.selectFrom('alert_state').select('id').executeTakeFirst()) !== undefined;
}

/**
 * Stores the state in a database that several processes share, of which one evaluates at a time.
 * @param replaced called if another process has read the state to go on with it, so that nothing more can be written
 */
export function alertTable({ kysely }: Database<AlertTables>, replaced: () => void): AlertKeeper {
  let term: number | undefined;
  return {
    isShared: true,
    async load() {
      const row = await kysely
        .insertInto('alert_state')
        .values({ id: ROW, term: 1, kept: '' })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ term: sql`alert_state.term + 1` }))
        .returning(['term', 'kept'])
        .executeTakeFirstOrThrow();
      const kept = row.kept === '' ? undefined : keptIn(row.kept);
      ({ term } = row);
      return kept;
    },
    async save(kept) {
      if (term === undefined) throw new Error('it was never read');
      const { numUpdatedRows } = await kysely
        .updateTable('alert_state')
        .set({ kept: keptText(kept) })
        .where('id', '=', ROW)
        .where('term', '=', term)
        .executeTakeFirst();
      if (numUpdatedRows !== 0n) return;
      replaced();
      throw new Error('another process evaluates the alerts now');
    },
  };
}
