import { sql } from 'kysely';
import type { Database, Schema } from '../database/database.ts';
import type { ColumnKind } from '../database/table-of.ts';
import type { BackupTable } from '../registry/backup.ts';

/** A sidecar that has joined and was not forgotten. Times are milliseconds since the Unix epoch. */
export interface SidecarTable {
  readonly node: string;
  readonly token_hash: string;
  readonly credential_hash: string;
  /** JSON. */
  readonly scope: string;
  readonly joined_at: number;
  readonly version: string;
  /** JSON. */
  readonly labels: string;
  readonly enforced_revision: number;
  readonly enforced_at: number;
  /** JSON. */
  readonly faults: string;
  readonly other_history: string;
  readonly max_stale_ms: number;
  /** 0 or 1. */
  readonly is_connected: number;
  /** 0 or 1. */
  readonly has_left: number;
  readonly last_contact_at: number;
  /** The control plane that it follows, or followed last. */
  readonly instance: string;
}

export interface SidecarTokenTable {
  readonly hash: string;
  readonly name: string;
  /** JSON. */
  readonly scope: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly most_uses: number;
  readonly uses: number;
}

/** Histories whose sidecars were told to take this log. */
export interface SidecarAdoptionTable {
  readonly history: string;
  readonly adopted_at: number;
}

export interface SidecarTables {
  readonly sidecar: SidecarTable;
  readonly sidecar_token: SidecarTokenTable;
  readonly sidecar_adoption: SidecarAdoptionTable;
}

/** What a report changes. */
export const REPORT_COLUMNS = {
  node: 'text',
  version: 'text',
  labels: 'text',
  enforced_revision: 'integer',
  enforced_at: 'integer',
  faults: 'text',
  other_history: 'text',
  max_stale_ms: 'integer',
  is_connected: 'integer',
  has_left: 'integer',
  last_contact_at: 'integer',
} as const satisfies Partial<Record<keyof SidecarTable, ColumnKind>>;

/** Those of a backup: who has joined is still known after it is restored. */
export const SIDECAR_BACKUP_TABLES: readonly BackupTable[] = [
  {
    name: 'sidecar',
    columns: {
      ...REPORT_COLUMNS,
      token_hash: 'text',
      credential_hash: 'text',
      scope: 'text',
      joined_at: 'integer',
      instance: 'text',
    },
    key: ['node'],
  },
  {
    name: 'sidecar_token',
    columns: {
      hash: 'text',
      name: 'text',
      scope: 'text',
      created_at: 'integer',
      expires_at: 'integer',
      most_uses: 'integer',
      uses: 'integer',
    },
    key: ['hash'],
  },
  { name: 'sidecar_adoption', columns: { history: 'text', adopted_at: 'integer' }, key: ['history'] },
];

export const sidecarSchema: Schema = {
  part: 'sidecars',
  migrations: [{ version: 1, up: createTables }],
};

async function createTables({ engine, kysely }: Pick<Database<unknown>, 'engine' | 'kysely'>): Promise<void> {
  const text = engine === 'sqlite' ? 'text NOT NULL' : 'text COLLATE "C" NOT NULL';
  const number = 'bigint NOT NULL';
  const statements = [
    `CREATE TABLE sidecar (node ${text} PRIMARY KEY, token_hash ${text}, credential_hash ${text}, scope ${text},
      joined_at ${number}, version ${text}, labels ${text}, enforced_revision ${number}, enforced_at ${number},
      faults ${text}, other_history ${text}, max_stale_ms ${number}, is_connected ${number}, has_left ${number},
      last_contact_at ${number}, instance ${text})`,
    'CREATE UNIQUE INDEX sidecar_credential ON sidecar (credential_hash)',
    `CREATE TABLE sidecar_token (hash ${text} PRIMARY KEY, name ${text}, scope ${text}, created_at ${number},
      expires_at ${number}, most_uses ${number}, uses ${number})`,
    `CREATE TABLE sidecar_adoption (history ${text} PRIMARY KEY, adopted_at ${number})`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(kysely);
}
