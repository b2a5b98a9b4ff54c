import { sql } from 'kysely';
import { readMark } from '../analytics/mark.ts';
import type { Mark } from '../analytics/mark.ts';
import type { Database, Schema } from '../database/database.ts';
import { openPostgres } from '../database/open-postgres.ts';
import { SILENT_MS } from './inheritance.ts';
import type { MarkStore, Written } from './inheritance.ts';

interface AccountTables {
  readonly account_mark: {
    readonly epoch: number;
    /** The process of whose decisions it is, and the one that keeps the accounts now. */
    readonly owner: string;
    readonly keeper: string;
    readonly mark: string;
    readonly written_at: Date;
  };
}

const schema: Schema = {
  part: 'accounts',
  migrations: [
    {
      version: 1,
      up: async ({ kysely }) => {
        await sql`CREATE TABLE account_mark (epoch bigint PRIMARY KEY, owner text NOT NULL, keeper text NOT NULL,
          mark text NOT NULL, written_at timestamptz NOT NULL)`.execute(kysely);
      },
    },
  ],
};

/** Accounts of processes that ended longer ago are nobody's. */
const OLDEST = "interval '1 day'";

/** Marks of accounts on a PostgreSQL that several processes share. They have the keys of ids. */
export class AccountTable implements MarkStore {
  readonly isShared = true;
  readonly #url: string;
  /** Of this process, at this start. */
  readonly #self: string;
  #opening: Promise<Database<AccountTables>> | undefined;

  /** @param self a name that no other process has */
  constructor(url: string, self: string) {
    this.#url = url;
    this.#self = self;
  }

  /** What others have left is taken over when they have been silent for long enough. */
  async read(): Promise<readonly Mark[]> {
    return [];
  }

  async write(mark: Mark, isOwn: boolean): Promise<Written> {
    const { kysely } = await this.#open();
    const self = this.#self;
    const text = JSON.stringify(mark);
    if (!isOwn) {
      const { numAffectedRows } = await sql`
        UPDATE account_mark SET mark = ${text}, written_at = now()
          WHERE epoch = ${mark.epoch} AND keeper = ${self}`.execute(kysely);
      if (numAffectedRows !== 0n) return 'written';
      const { rows } = await sql<{ is_owner: boolean }>`
        SELECT keeper = owner AS is_owner FROM account_mark WHERE epoch = ${mark.epoch}`.execute(kysely);
      return rows[0]?.is_owner === true ? 'given_back' : 'lost';
    }
    const { rows } = await sql<{ keeper: string | null }>`
      WITH before AS (SELECT keeper FROM account_mark WHERE epoch = ${mark.epoch})
      INSERT INTO account_mark VALUES (${mark.epoch}, ${self}, ${self}, ${text}, now())
        ON CONFLICT (epoch) DO UPDATE SET keeper = ${self}, mark = ${text}, written_at = now()
        RETURNING (SELECT keeper FROM before) AS keeper`.execute(kysely);
    const before = rows[0]?.keeper ?? self;
    return before === self ? 'written' : 'returned';
  }

  async remove(epoch: number): Promise<void> {
    try {
      const { kysely } = await this.#open();
      await sql`DELETE FROM account_mark WHERE epoch = ${epoch} AND keeper = ${this.#self}`.execute(kysely);
    } catch {
      // Whoever takes it over finds it empty.
    }
  }

  async orphans(): Promise<readonly Mark[]> {
    const { kysely } = await this.#open();
    await sql`DELETE FROM account_mark WHERE written_at < now() - ${sql.raw(OLDEST)}`.execute(kysely);
    const { rows } = await sql<{ mark: string }>`
      UPDATE account_mark SET keeper = ${this.#self}, written_at = now()
        WHERE keeper <> ${this.#self} AND written_at < now() - make_interval(secs => ${SILENT_MS / 1000})
        RETURNING mark`.execute(kysely);
    return rows.flatMap(({ mark }) => readMark(mark) ?? []);
  }

  async close(): Promise<void> {
    await (await this.#opening?.catch(() => undefined))?.close();
  }

  async #open(): Promise<Database<AccountTables>> {
    this.#opening ??= openPostgres<AccountTables>({
      url: this.#url,
      schema,
      connections: 1,
      connectMs: 2000,
      statementMs: 5000,
      applicationName: 'ostiary accounts',
    });
    try {
      return await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }
}
