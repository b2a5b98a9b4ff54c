import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import { migrated } from '../database/migrate.ts';
import { tableOf } from '../database/table-of.ts';
import { UserError } from '../errors.ts';
import { NO_HASH } from '../registry/chain.ts';
import { headOf } from '../registry/read.ts';
import { consistently } from '../registry/verify.ts';
import { rowsAfter } from './chain.ts';
import type { CountedEvent, Link } from './chain.ts';
import type { AuditHead } from './head.ts';
import type { AuditPosition } from './reading.ts';
import { auditSchema, EVENT_COLUMNS } from './tables.ts';
import type { AuditKysely, AuditTables } from './tables.ts';

const COLUMNS = Object.keys(EVENT_COLUMNS) as (keyof typeof EVENT_COLUMNS)[];

/**
 * Brings the tables of events to this program's version.
 * @throws DatabaseFault (rejects with it)
 */
export async function migrateAudit<Tables>(database: Database<Tables>): Promise<Database<AuditTables>> {
  return migrated(database as unknown as Database<AuditTables>, auditSchema);
}

/**
 * Makes way for the events of a backup: which is the last follows from them.
 * @throws UserError (rejects with it) where there are events already
 * @throws DatabaseFault (rejects with it)
 */
export async function makeWayForEvents<Tables>(database: Database<Tables>): Promise<void> {
  const { kysely, name } = await migrateAudit(database);
  const { count } = await kysely
    .selectFrom('audit_event')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  if (count > 0) {
    throw new UserError(
      `${name} holds events of an audit trail: a backup is restored to a new folder or database, never over another`,
    );
  }
  await kysely.deleteFrom('audit_head').execute();
}

/** The chain of events in a database, which several processes may add to. */
export class AuditStore {
  readonly database: Database<AuditTables>;

  private constructor(database: Database<AuditTables>) {
    this.database = database;
  }

  /** @throws DatabaseFault (rejects with it) */
  static async open<Tables>(database: Database<Tables>): Promise<AuditStore> {
    const own = await migrateAudit(database);
    // After a restore it follows from the events.
    await sql`INSERT INTO audit_head (id, sequence, hash)
      SELECT 1, COALESCE(MAX(sequence), 0),
        COALESCE((SELECT hash FROM audit_event ORDER BY sequence DESC LIMIT 1), ${NO_HASH}) FROM audit_event
      WHERE true ON CONFLICT DO NOTHING`.execute(own.kysely);
    return new AuditStore(own);
  }

  /** The last event; `sequence` is 0 where there is none. @throws DatabaseFault (rejects with it) */
  async head(): Promise<Link> {
    return eventHeadOf(this.database.kysely);
  }

  /**
   * Adds events after the last one, whoever has written that. It waits for no writer of the log.
   * @returns the last one
   * @throws DatabaseFault (rejects with it)
   */
  async append(events: readonly CountedEvent[]): Promise<Link> {
    return this.database.kysely.transaction().execute((inside) => this.appendWithin(inside, events));
  }

  async appendWithin(inside: Transaction<AuditTables>, events: readonly CountedEvent[]): Promise<Link> {
    const { engine } = this.database;
    const link = await this.lockedHead(inside);
    const rows = rowsAfter(link, await headOf(inside), events);
    const last = rows.at(-1);
    if (last === undefined) return link;
    const values = rows.map((row) => COLUMNS.map((column) => row[column]));
    await sql`INSERT INTO audit_event (${sql.raw(COLUMNS.join())})
      SELECT * FROM ${tableOf(engine, EVENT_COLUMNS, values)} AS added`.execute(inside);
    await sql`UPDATE audit_head SET sequence = ${last.sequence}, hash = ${last.hash}`.execute(inside);
    return { sequence: last.sequence, hash: last.hash };
  }

  /** The last event: nobody else adds one before this transaction is over. */
  async lockedHead(inside: Transaction<AuditTables>): Promise<Link> {
    // In SQLite a transaction has the database to itself.
    if (this.database.engine === 'postgres') await sql`SELECT id FROM audit_head FOR UPDATE`.execute(inside);
    return eventHeadOf(inside);
  }

  /** Both ends, for a head. @throws DatabaseFault (rejects with it) */
  async ends(nowMs: number): Promise<Omit<AuditHead, 'format' | 'version'>> {
    return consistently(this.database, async (inside) => {
      const { sequence, hash: eventHash } = await eventHeadOf(inside);
      return { at: new Date(nowMs).toISOString(), ...(await headOf(inside)), sequence, eventHash };
    });
  }

  /** The hashes at a position; empty where the trail does not have it. @throws DatabaseFault (rejects with it) */
  async linksAt({ revision, sequence }: AuditPosition, nowMs: number): Promise<Omit<AuditHead, 'format' | 'version'>> {
    const { kysely } = this.database;
    const change = kysely.selectFrom('registry_change').select('hash').where('revision', '=', revision);
    const event = kysely.selectFrom('audit_event').select('hash').where('sequence', '=', sequence);
    const { history } = await headOf(kysely);
    const hash = revision === 0 ? NO_HASH : ((await change.executeTakeFirst())?.hash ?? '');
    const eventHash = sequence === 0 ? NO_HASH : ((await event.executeTakeFirst())?.hash ?? '');
    return { at: new Date(nowMs).toISOString(), history, revision, hash, sequence, eventHash };
  }

  /** How far a reader has told the trail elsewhere. @throws DatabaseFault (rejects with it) */
  async positionOf(reader: string): Promise<AuditPosition | undefined> {
    return this.database.kysely
      .selectFrom('audit_position')
      .select(['revision', 'sequence'])
      .where('reader', '=', reader)
      .executeTakeFirst();
  }

  /** @throws DatabaseFault (rejects with it) */
  async keepPosition(reader: string, { revision, sequence }: AuditPosition): Promise<void> {
    await this.database.kysely
      .insertInto('audit_position')
      .values({ reader, revision, sequence })
      .onConflict((conflict) => conflict.column('reader').doUpdateSet({ revision, sequence }))
      .execute();
  }
}

export async function eventHeadOf(kysely: AuditKysely): Promise<Link> {
  const row = await kysely.selectFrom('audit_head').select(['sequence', 'hash']).executeTakeFirst();
  return row ?? { sequence: 0, hash: NO_HASH };
}
