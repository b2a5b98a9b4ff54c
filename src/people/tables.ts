import { sql } from 'kysely';
import type { Database, Schema } from '../database/database.ts';
import type { BackupTable } from '../registry/backup.ts';

// Who calls the control plane. Times are milliseconds since the Unix epoch; 0: never.

/** A local user, or somebody whom the identity provider has let in. */
export interface PersonTable {
  /** As the audit keeps it: `local:bob`, `user:alice@example.com`. */
  readonly name: string;
  /** argon2id; empty: there is no password here. */
  readonly password_hash: string;
  /** JSON: a list of texts. */
  readonly groups: string;
  /** Of the provider, and whom it means by that name (`iss` and `sub`); empty: a local user. */
  readonly issuer: string;
  readonly subject: string;
  /** 0 or 1. */
  readonly is_disabled: number;
  readonly created_at: number;
  readonly last_login_at: number;
}

export interface SessionTable {
  readonly id: string;
  /** SHA-256 of the session's secret. */
  readonly hash: string;
  readonly person: string;
  /** `browser` or `program`. */
  readonly kind: string;
  readonly address: string;
  readonly created_at: number;
  readonly seen_at: number;
  readonly ends_at: number;
  /** The provider's session (`sid`); empty: none is known. */
  readonly provider_session: string;
  /** The provider's refresh token, encrypted by the session's secret, which is not here; empty: there is none. */
  readonly refresh: string;
  /** When the provider has last said that this is still so. */
  readonly checked_at: number;
  /** When it is to be asked next. */
  readonly check_at: number;
}

export interface AccessTokenTable {
  readonly id: string;
  /** SHA-256 of the token. */
  readonly hash: string;
  /** Unique: `token:NAME` of a team's, and the person with the name of theirs. Kept when the token has ended. */
  readonly title: string;
  readonly name: string;
  /** Whose it is: one of the two is empty. */
  readonly person: string;
  readonly team: string;
  /** JSON. */
  readonly limits: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number;
  readonly used_at: number;
  readonly used_address: string;
  readonly revoked_at: number;
}

/** A program that waits for a person to let it in. */
export interface ProgramLoginTable {
  /** SHA-256 of the device code. */
  readonly device_hash: string;
  readonly user_code_hash: string;
  readonly redirect_port: number;
  readonly client: string;
  readonly address: string;
  readonly begun_at: number;
  readonly ends_at: number;
  /** `pending`, `denied` or `allowed`. */
  readonly state: string;
  /** Who has allowed it, and in which session of the provider. */
  readonly person: string;
  readonly provider_session: string;
  /** SHA-256 of what the browser brings; empty: nothing is needed. */
  readonly code_hash: string;
}

/** How many attempts at something are left, as one number: see {@link Attempts}. */
export interface AttemptTable {
  readonly bucket: string;
  readonly ready_at: number;
}

/** An address from which a person has logged in before. */
export interface KnownAddressTable {
  readonly person: string;
  readonly address_hash: string;
  readonly seen_at: number;
}

export interface PeopleTables {
  readonly person: PersonTable;
  readonly session: SessionTable;
  readonly access_token: AccessTokenTable;
  readonly program_login: ProgramLoginTable;
  readonly login_attempt: AttemptTable;
  readonly known_address: KnownAddressTable;
}

export type PeopleDatabase = Database<PeopleTables>;

/** Those of a backup. Sessions and logins under way end with the control plane that is replaced. */
export const PEOPLE_BACKUP_TABLES: readonly BackupTable[] = [
  {
    name: 'person',
    columns: {
      name: 'text',
      password_hash: 'text',
      groups: 'text',
      issuer: 'text',
      subject: 'text',
      is_disabled: 'integer',
      created_at: 'integer',
      last_login_at: 'integer',
    },
    key: ['name'],
  },
  {
    name: 'access_token',
    columns: {
      id: 'text',
      hash: 'text',
      title: 'text',
      name: 'text',
      person: 'text',
      team: 'text',
      limits: 'text',
      created_at: 'integer',
      created_by: 'text',
      expires_at: 'integer',
      used_at: 'integer',
      used_address: 'text',
      revoked_at: 'integer',
    },
    key: ['id'],
  },
];

export const peopleSchema: Schema = {
  part: 'people',
  migrations: [{ version: 1, up: createTables }],
};

async function createTables({ engine, kysely }: Pick<Database<unknown>, 'engine' | 'kysely'>): Promise<void> {
  const text = engine === 'sqlite' ? 'text NOT NULL' : 'text COLLATE "C" NOT NULL';
  const number = 'bigint NOT NULL';
  const statements = [
    `CREATE TABLE person (name ${text} PRIMARY KEY, password_hash ${text}, groups ${text}, issuer ${text},
      subject ${text}, is_disabled ${number}, created_at ${number}, last_login_at ${number})`,
    `CREATE TABLE session (id ${text} PRIMARY KEY, hash ${text}, person ${text}, kind ${text}, address ${text},
      created_at ${number}, seen_at ${number}, ends_at ${number}, provider_session ${text}, refresh ${text},
      checked_at ${number}, check_at ${number})`,
    'CREATE UNIQUE INDEX session_hash ON session (hash)',
    'CREATE INDEX session_person ON session (person)',
    'CREATE INDEX session_end ON session (ends_at)',
    `CREATE TABLE access_token (id ${text} PRIMARY KEY, hash ${text}, title ${text}, name ${text}, person ${text},
      team ${text}, limits ${text}, created_at ${number}, created_by ${text}, expires_at ${number},
      used_at ${number}, used_address ${text}, revoked_at ${number})`,
    'CREATE UNIQUE INDEX access_token_hash ON access_token (hash)',
    'CREATE UNIQUE INDEX access_token_title ON access_token (title)',
    'CREATE INDEX access_token_person ON access_token (person)',
    'CREATE INDEX access_token_team ON access_token (team)',
    `CREATE TABLE program_login (device_hash ${text} PRIMARY KEY, user_code_hash ${text}, redirect_port ${number},
      client ${text}, address ${text}, begun_at ${number}, ends_at ${number}, state ${text}, person ${text},
      provider_session ${text}, code_hash ${text})`,
    'CREATE UNIQUE INDEX program_login_code ON program_login (user_code_hash)',
    `CREATE TABLE login_attempt (bucket ${text} PRIMARY KEY, ready_at ${number})`,
    `CREATE TABLE known_address (person ${text}, address_hash ${text}, seen_at ${number},
      PRIMARY KEY (person, address_hash))`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(kysely);
}
