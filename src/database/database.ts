import type { Kysely } from 'kysely';

/** Where tables are: a file, or a server of PostgreSQL. Statements are made with Kysely, and run off this thread. */
export interface Database<Tables> {
  readonly engine: 'sqlite' | 'postgres';
  /** For people, without user and password. */
  readonly name: string;
  readonly kysely: Kysely<Tables>;
  /** Waits for statements under way. */
  close(): Promise<void>;
}

/**
 * What a database has come to be, by steps that only go forward. Their numbers are 1, 2, 3, …; one that was released never
 * changes again.
 */
export interface Migration {
  readonly version: number;
  readonly up: (database: Pick<Database<unknown>, 'engine' | 'kysely'>) => Promise<void>;
}

/** The tables of one part of the product. Several parts may be in one database: names of tables must differ. */
export interface Schema {
  /** Such as `history`. */
  readonly part: string;
  readonly migrations: readonly Migration[];
}
