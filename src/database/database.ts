import type { Kysely } from 'kysely';

/**
 * A database: a file of SQLite, or a server of PostgreSQL. Statements are built with Kysely, and run off this thread.
 */
export interface Database<Tables> {
  readonly engine: 'sqlite' | 'postgres';
  /** For people; it contains no user and no password. */
  readonly name: string;
  readonly kysely: Kysely<Tables>;
  /** Closes after running statements have ended. */
  close(): Promise<void>;
}

/**
 * A step that changes the tables of a database. Steps are numbered 1, 2, 3, … and only go forward. A step that was
 * released never changes.
 */
export interface Migration {
  readonly version: number;
  readonly up: (database: Pick<Database<unknown>, 'engine' | 'kysely'>) => Promise<void>;
}

/**
 * The tables of one part of the product. Several parts may share a database, so the names of their tables must
 * differ.
 */
export interface Schema {
  /** Such as `history`. */
  readonly part: string;
  readonly migrations: readonly Migration[];
}
