import pg from 'pg';
import { spreadMs } from '../backoff.ts';
import type { Timers } from '../clock.ts';

export interface ElectionOptions {
  readonly url: string;
  /** What one process is elected for, such as `alerts`. */
  readonly office: string;
  readonly applicationName: string;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  onElected(): void;
  /** It is over, or may be: another process may be elected by now. */
  onLost(): void;
}

/** How often the holder looks whether it still holds the office, and others try for it. */
const TURN_MS = 1500;
/** A server that does not answer for this long holds the office for nobody, as far as we know. */
const ANSWER_MS = 3000;

/**
 * The server ends a session whose machine is gone after 5 + 3 × 2 seconds; its own settings are two hours. So the
 * holder gives up (after {@link TURN_MS} + {@link ANSWER_MS}) before another can be elected.
 */
const SESSION = 'SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3';

/** Beside our other locks: those have one number, these have two. */
const LOCK_CLASS = 0x6f737469;

/**
 * Of all processes that stand for an office on one database and in one schema, at most one is elected: it holds an
 * advisory lock of a session on a connection of its own. When it ends, however it ends, the next one is elected within
 * seconds. A process whose machine stands still may learn late that it was replaced; what it writes must be guarded by
 * a term in the database.
 */
export class PostgresElection {
  readonly #options: ElectionOptions;
  #client: pg.Client | undefined;
  /** The process of the server behind the session that holds the lock; undefined: not elected. */
  #backend: number | undefined;
  #cancel = (): void => {};
  #isClosed = false;

  constructor(options: ElectionOptions) {
    this.#options = options;
    void this.#turn();
  }

  get isElected(): boolean {
    return this.#backend !== undefined;
  }

  /** Gives the office up, as if the connection were lost, and stands again a moment later. */
  resign(): void {
    this.#drop();
  }

  /** Ends it: another process can be elected at once. Calls nobody back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#backend = undefined;
    this.#cancel();
    await this.#client?.end().catch(() => {});
  }

  async #turn(): Promise<void> {
    try {
      const client = (this.#client ??= await this.#connect());
      await (this.isElected ? this.#look(client) : this.#stand(client));
    } catch {
      this.#drop();
    }
    if (this.#isClosed) return;
    const { timers, random } = this.#options;
    this.#cancel = timers.after(spreadMs(TURN_MS, random()), () => void this.#turn());
  }

  async #connect(): Promise<pg.Client> {
    const { url, applicationName } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      application_name: applicationName,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    });
    const lost = (): void => {
      if (this.#client === client) this.#drop();
    };
    client.on('error', lost);
    client.on('end', lost);
    try {
      await client.connect();
      await client.query(SESSION);
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
    if (this.#isClosed) void client.end().catch(() => {});
    return client;
  }

  async #stand(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ backend: number; is_elected: boolean }>(
      "SELECT pg_backend_pid() AS backend, pg_try_advisory_lock($1, hashtext($2 || ' ' || coalesce(current_schema(), ''))) AS is_elected",
      [LOCK_CLASS, this.#options.office],
    );
    const [row] = rows;
    if (row?.is_elected !== true || this.#isClosed || this.#client !== client) return;
    this.#backend = row.backend;
    this.#options.onElected();
  }

  /** @throws Error if the session is another one: a pooler between us and the server may swap them */
  async #look(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ backend: number }>('SELECT pg_backend_pid() AS backend');
    if (rows[0]?.backend !== this.#backend && this.isElected) throw new Error('the session is another one');
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    void client?.end().catch(() => {});
    if (!this.isElected) return;
    this.#backend = undefined;
    this.#options.onLost();
  }
}
