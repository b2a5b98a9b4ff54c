import { Kysely, PostgresDialect } from 'kysely';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { UserError } from '../errors.ts';
import type { Database, Schema } from './database.ts';
import { migrated } from './migrate.ts';
import { NO_ANSWER, postgresFault, postgresName } from './postgres-faults.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`. */
  readonly url: string;
  readonly schema: Schema;
  readonly connections?: number;
  /** Time for opening a connection. */
  readonly connectMs?: number;
  /** The longest time that a statement may take. */
  readonly statementMs?: number;
  /**
   * How long an answer is waited for, where the network may have gone without a word; absent: for ever. A transaction
   * in which nothing is said for half of that (or {@link IDLE_IN_TRANSACTION_MS}) is ended by the server, so that its
   * locks don't outlive us.
   */
  readonly answerMs?: number;
  /** The name of our program in the server's list of connections. */
  readonly applicationName: string;
  /** Called for each statement that was not carried out. */
  readonly onFault?: () => void;
}

/** A process that stands still within a transaction holds its locks no longer than this: others wait for them. */
const IDLE_IN_TRANSACTION_MS = 20_000;

/** Types whose values are read as numbers, because ours all fit: `int8` and `numeric`. */
const NUMBERS: ReadonlySet<number> = new Set([20, 1700]);

/**
 * Opens a database on a server of PostgreSQL.
 * @throws DatabaseFault (rejects with it)
 * @throws UserError (exit 2) if the URL is malformed
 */
export async function openPostgres<Tables>(options: PostgresOptions): Promise<Database<Tables>> {
  const { url, schema, connections = 4, connectMs = 5000, statementMs = 60_000, applicationName, answerMs } = options;
  if (!URL.canParse(url))
    throw new UserError('the URL of the database is none: expected postgres://USER@HOST/DATABASE', 2);
  const name = postgresName(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 60_000,
    statement_timeout: statementMs,
    keepAlive: true,
    ...(answerMs !== undefined && { query_timeout: answerMs }),
    idle_in_transaction_session_timeout: answerMs === undefined ? IDLE_IN_TRANSACTION_MS : answerMs / 2,
    application_name: applicationName,
    allowExitOnIdle: true,
    types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
  });
  // An idle connection was lost: the pool opens a new one.
  pool.on('error', () => {});
  // One that is lost while it is used, or as it is opened: the next statement tells.
  pool.on('connect', (client) => client.on('error', () => {}));
  const faultOf = (error: unknown): unknown => {
    options.onFault?.();
    return postgresFault(name, error);
  };
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: tellingFaults(pool, faultOf) }) });
  return migrated<Tables>({ engine: 'postgres', name, kysely, close: () => kysely.destroy() }, schema);
}

function parserOf(oid: number, format?: 'text' | 'binary'): unknown {
  return NUMBERS.has(oid) && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format);
}

/** Wraps the pool so that its errors name the database and the remedy. */
function tellingFaults(pool: pg.Pool, faultOf: (error: unknown) => unknown): PostgresPool {
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw faultOf(error);
      });
      const known = wrapped.get(client);
      if (known !== undefined) return known;
      /** It was waited for in vain, and what comes next on this connection would be waited for too. */
      let silence: Error | undefined;
      const made = {
        async query(sql: string, parameters: unknown[]) {
          try {
            if (silence !== undefined) throw silence;
            return await client.query(sql, parameters);
          } catch (error) {
            if (error instanceof Error && error.message === NO_ANSWER) silence = error;
            throw faultOf(error);
          }
        },
        release: (error?: Error | boolean) => client.release(silence ?? error),
      } as unknown as PostgresPoolClient;
      wrapped.set(client, made);
      return made;
    },
  };
}
