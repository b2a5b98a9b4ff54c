import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import type { ColumnKind } from '../database/table-of.ts';
import { headOf, PAGE } from './read.ts';
import { CHANGE_COLUMNS, KEY_COLUMNS, RESOURCE_COLUMNS } from './tables.ts';
import type { RegistryTables } from './tables.ts';

/** A table that a backup holds. Its columns, in the order of the rows. */
export interface BackupTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnKind>>;
  /** By which its rows are read in pages. */
  readonly key: readonly string[];
}

/** The first line of a backup. */
export interface BackupHead {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly history: string;
  readonly revision: number;
  readonly hash: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

export type BackupValue = string | number | null;

/** Rows of one table; those of a table may come in several lines. */
export interface BackupRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly BackupValue[])[];
}

/** The last line. */
export interface BackupEnd {
  /** SHA-256 of all lines before, each with its newline: 64 hex digits. */
  readonly sha256: string;
}

export const FORMAT = 'ostiary backup';
export const FORMAT_VERSION = 1;

export const REGISTRY_TABLES: readonly BackupTable[] = [
  {
    name: 'registry_history',
    columns: { history: 'text', after_revision: 'integer', begun_at: 'integer' },
    key: ['history'],
  },
  { name: 'registry_change', columns: CHANGE_COLUMNS, key: ['revision'] },
  { name: 'registry_resource', columns: RESOURCE_COLUMNS, key: Object.keys(KEY_COLUMNS) },
];

/**
 * Writes all that the database holds, as of one moment, while others go on writing. Every line is JSON; either engine can be
 * restored from it.
 * @param tables of other parts of the control plane, after those of the log
 * @param write resolves when the line was taken
 */
export async function backUp(
  database: Database<RegistryTables>,
  tables: readonly BackupTable[],
  at: number,
  write: (line: string) => Promise<void>,
): Promise<BackupHead> {
  const digest = createHash('sha256');
  const writeLine = async (value: object): Promise<void> => {
    const line = `${JSON.stringify(value)}\n`;
    digest.update(line);
    await write(line);
  };
  const transaction = database.kysely.transaction();
  const consistent = database.engine === 'postgres' ? transaction.setIsolationLevel('repeatable read') : transaction;
  return consistent.execute(async (inside) => {
    const head: BackupHead = { format: FORMAT, version: FORMAT_VERSION, ...(await headOf(inside)), at };
    await writeLine(head);
    for (const table of [...REGISTRY_TABLES, ...tables]) {
      for await (const rows of pagesOf(inside, table)) {
        await writeLine({ table: table.name, columns: Object.keys(table.columns), rows } satisfies BackupRows);
      }
    }
    const end: BackupEnd = { sha256: digest.digest('hex') };
    await write(`${JSON.stringify(end)}\n`);
    return head;
  });
}

async function* pagesOf(
  inside: Transaction<RegistryTables>,
  { name, columns, key }: BackupTable,
): AsyncGenerator<readonly (readonly BackupValue[])[]> {
  const names = Object.keys(columns);
  const keys = sql.join(key.map((column) => sql.ref(column)));
  let after = sql``;
  for (;;) {
    const { rows } = await sql<Readonly<Record<string, BackupValue | Uint8Array>>>`
      SELECT ${sql.join(names.map((column) => sql.ref(column)))} FROM ${sql.table(name)} ${after}
      ORDER BY ${keys} LIMIT ${PAGE}`.execute(inside);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map((row) => names.map((column) => plain(row[column] ?? null)));
    after = sql`WHERE (${keys}) > (${sql.join(key.map((column) => last[column]))})`;
  }
}

/** Bytes as hexadecimal digits. */
function plain(value: BackupValue | Uint8Array): BackupValue {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}
