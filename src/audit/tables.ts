import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import type { Database, Schema } from '../database/database.ts';
import type { ColumnKind } from '../database/table-of.ts';
import type { BackupTable } from '../registry/backup.ts';
import type { RegistryTables } from '../registry/tables.ts';

/** An event as it is kept. Rows are only added, and the oldest are removed when they were kept long enough. */
export interface EventTable {
  /** From 1, without holes. */
  readonly sequence: number;
  /** Milliseconds since the Unix epoch. */
  readonly happened_at: number;
  readonly action: string;
  readonly outcome: string;
  readonly actor: string;
  readonly credential: string;
  readonly address: string;
  /** Of what it was done to; empty: that has no name. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Canonical JSON of an object of texts. */
  readonly detail: string;
  /** How often it happened, from `happened_at` until `until_at`. */
  readonly count: number;
  readonly until_at: number;
  /** The last change of the log when this was written, and its hash. */
  readonly head_revision: number;
  readonly head_hash: string;
  /** SHA-256 over the hash of the event before and this one: 64 hex digits. */
  readonly hash: string;
}

/** One row: the last event. Who holds it writes. */
export interface AuditHeadTable {
  readonly id: number;
  readonly sequence: number;
  readonly hash: string;
}

/** How far the trail was told elsewhere. */
export interface AuditPositionTable {
  readonly reader: string;
  readonly revision: number;
  readonly sequence: number;
}

export interface AuditTables extends RegistryTables {
  readonly audit_event: EventTable;
  readonly audit_head: AuditHeadTable;
  readonly audit_position: AuditPositionTable;
}

export type AuditKysely = Kysely<AuditTables> | Transaction<AuditTables>;

export const EVENT_COLUMNS = {
  sequence: 'integer',
  happened_at: 'integer',
  action: 'text',
  outcome: 'text',
  actor: 'text',
  credential: 'text',
  address: 'text',
  kind: 'text',
  namespace: 'text',
  name: 'text',
  detail: 'text',
  count: 'integer',
  until_at: 'integer',
  head_revision: 'integer',
  head_hash: 'text',
  hash: 'text',
} as const satisfies Record<keyof EventTable, ColumnKind>;

/** The row of the last event is not among them: it follows from the events. */
export const AUDIT_BACKUP_TABLES: readonly BackupTable[] = [
  { name: 'audit_event', columns: EVENT_COLUMNS, key: ['sequence'] },
];

export const auditSchema: Schema = {
  part: 'audit',
  migrations: [{ version: 1, up: createTables }],
};

async function createTables({ engine, kysely }: Pick<Database<unknown>, 'engine' | 'kysely'>): Promise<void> {
  const text = engine === 'sqlite' ? 'text NOT NULL' : 'text COLLATE "C" NOT NULL';
  const number = 'bigint NOT NULL';
  const statements = [
    `CREATE TABLE audit_event (sequence bigint PRIMARY KEY, happened_at ${number}, action ${text}, outcome ${text},
      actor ${text}, credential ${text}, address ${text}, kind ${text}, namespace ${text}, name ${text}, detail ${text},
      count ${number}, until_at ${number}, head_revision ${number}, head_hash ${text}, hash ${text})`,
    'CREATE INDEX audit_event_actor ON audit_event (actor, sequence)',
    'CREATE INDEX audit_event_key ON audit_event (name, kind, namespace, sequence)',
    `CREATE TABLE audit_head (id integer PRIMARY KEY, sequence ${number}, hash ${text})`,
    `CREATE TABLE audit_position (reader ${text} PRIMARY KEY, revision ${number}, sequence ${number})`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(kysely);
}
