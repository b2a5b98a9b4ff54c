import type { Kysely, Transaction } from 'kysely';
import { sql } from 'kysely';
import type { Database, Schema } from '../database/database.ts';
import type { ColumnKind } from '../database/table-of.ts';

/** One row: how far the log has come. */
export interface HeadTable {
  readonly id: number;
  readonly history: string;
  readonly revision: number;
  readonly hash: string;
}

/** What there is now. */
export interface ResourceTable {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly created_revision: number;
  readonly changed_at: number;
  readonly owner: string;
  readonly set_name: string;
  /** Empty: none. */
  readonly source: string;
  /** Canonical JSON; empty: none. */
  readonly declared: string;
  /** Canonical JSON. */
  readonly document: string;
}

/** What has happened. Rows are only added. */
export interface ChangeTable {
  readonly revision: number;
  readonly changed_at: number;
  readonly actor: string;
  readonly credential: string;
  readonly address: string;
  readonly reason: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** The resource as canonical JSON; empty: there was none. */
  readonly before: string;
  readonly after: string;
  readonly hash: string;
}

/** The histories of this log: the first, and one more for each time that it was restored. */
export interface HistoryTable {
  readonly history: string;
  /** The last revision that is of the histories before. */
  readonly after_revision: number;
  readonly begun_at: number;
}

export interface RegistryTables {
  readonly registry_head: HeadTable;
  readonly registry_resource: ResourceTable;
  readonly registry_change: ChangeTable;
  readonly registry_history: HistoryTable;
}

export const KEY_COLUMNS = { kind: 'text', namespace: 'text', name: 'text' } as const;

export const RESOURCE_COLUMNS = {
  ...KEY_COLUMNS,
  revision: 'integer',
  created_revision: 'integer',
  changed_at: 'integer',
  owner: 'text',
  set_name: 'text',
  source: 'text',
  declared: 'text',
  document: 'text',
} as const satisfies Record<keyof ResourceTable, ColumnKind>;

export const CHANGE_COLUMNS = {
  revision: 'integer',
  changed_at: 'integer',
  actor: 'text',
  credential: 'text',
  address: 'text',
  reason: 'text',
  ...KEY_COLUMNS,
  before: 'text',
  after: 'text',
  hash: 'text',
} as const satisfies Record<keyof ChangeTable, ColumnKind>;

export type RegistryKysely = Kysely<RegistryTables> | Transaction<RegistryTables>;

export const registrySchema: Schema = {
  part: 'registry',
  migrations: [
    { version: 1, up: createTables },
    { version: 2, up: addSources },
    { version: 3, up: addOrigins },
  ],
};

/** From where a change came. */
async function addOrigins({ engine, kysely }: Pick<Database<unknown>, 'engine' | 'kysely'>): Promise<void> {
  const text = engine === 'sqlite' ? 'text NOT NULL' : 'text COLLATE "C" NOT NULL';
  for (const column of ['credential', 'address']) {
    await sql.raw(`ALTER TABLE registry_change ADD COLUMN ${column} ${text} DEFAULT ''`).execute(kysely);
  }
}

/** In PostgreSQL texts are compared byte by byte too, whatever the language of the server. */
async function createTables({ engine, kysely }: Pick<Database<unknown>, 'engine' | 'kysely'>): Promise<void> {
  const text = engine === 'sqlite' ? 'text NOT NULL' : 'text COLLATE "C" NOT NULL';
  const key = `kind ${text}, namespace ${text}, name ${text}`;
  const statements = [
    `CREATE TABLE registry_head (id integer PRIMARY KEY, history ${text}, revision bigint NOT NULL, hash ${text})`,
    `CREATE TABLE registry_resource (${key}, revision bigint NOT NULL, created_revision bigint NOT NULL,
      changed_at bigint NOT NULL, owner ${text}, set_name ${text}, document ${text}, PRIMARY KEY (kind, namespace, name))`,
    `CREATE TABLE registry_change (revision bigint PRIMARY KEY, changed_at bigint NOT NULL, actor ${text}, reason ${text},
      ${key}, before ${text}, after ${text}, hash ${text})`,
    'CREATE INDEX registry_change_key ON registry_change (name, kind, namespace, revision)',
    `CREATE TABLE registry_history (history ${text} PRIMARY KEY, after_revision bigint NOT NULL, begun_at bigint NOT NULL)`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(kysely);
}

async function addSources({ engine, kysely }: Pick<Database<unknown>, 'engine' | 'kysely'>): Promise<void> {
  const text = engine === 'sqlite' ? 'text NOT NULL' : 'text COLLATE "C" NOT NULL';
  for (const column of ['source', 'declared']) {
    await sql.raw(`ALTER TABLE registry_resource ADD COLUMN ${column} ${text} DEFAULT ''`).execute(kysely);
  }
}
