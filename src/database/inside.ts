import type { Transaction } from 'kysely';
import type { Database } from './database.ts';

/** A transaction of a database that several parts share: each sees its own tables in it. */
export type Inside = Transaction<unknown>;

/** A database within a transaction of it. */
export function databaseIn<Tables>({ engine, name }: Database<Tables>, inside: Inside): Database<Tables> {
  const kysely = inside as unknown as Transaction<Tables>;
  return { engine, name, kysely, close: () => Promise.reject(new TypeError('a transaction closes no database')) };
}

/** Does all of it or nothing: within the transaction that there is, or in one of its own. */
export function together<Tables, Result>(
  { kysely }: Database<Tables>,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return kysely.isTransaction ? work(kysely as Transaction<Tables>) : kysely.transaction().execute(work);
}
