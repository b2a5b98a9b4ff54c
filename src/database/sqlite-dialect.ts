import { CompiledQuery, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';
import type { SqliteValue } from './sqlite-messages.ts';
import type { SqliteThread } from './sqlite-thread.ts';

/** @param faultOf translates an error of the thread for people */
export function sqliteDialect(thread: SqliteThread, faultOf: (error: unknown) => unknown): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ThreadDriver(thread, faultOf),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** One connection. Statements and transactions use it one after another. */
class ThreadDriver implements Driver {
  readonly #thread: SqliteThread;
  readonly #connection: DatabaseConnection;
  #isTaken = false;
  readonly #turns: (() => void)[] = [];

  constructor(thread: SqliteThread, faultOf: (error: unknown) => unknown) {
    this.#thread = thread;
    this.#connection = connectionTo(thread, faultOf);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#isTaken) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#turns.push(resolve);
      await promise;
    }
    this.#isTaken = true;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    const next = this.#turns.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // A transaction that begins as a reader might not be able to become a writer later.
    await connection.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('COMMIT'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('ROLLBACK')).catch(() => {
      // SQLite has already rolled back, as it does when a disk is full; or the thread is a new one.
    });
  }

  async destroy(): Promise<void> {
    await this.#thread.close();
  }
}

function connectionTo(thread: SqliteThread, faultOf: (error: unknown) => unknown): DatabaseConnection {
  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      try {
        const { rows, changes } = await thread.run(sql, parameters.map(valueOf));
        return { rows: rows as R[], numAffectedRows: BigInt(changes) };
      } catch (error) {
        throw faultOf(error);
      }
    },
    streamQuery() {
      throw new TypeError('results are not streamed: ask for them in pages');
    },
  };
}

function valueOf(value: unknown): SqliteValue {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value as SqliteValue;
}
