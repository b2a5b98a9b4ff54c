import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { ColumnKind } from '../database/table-of.ts';
import { canonicalJson } from '../document/version.ts';
import type { Resource } from './log.ts';
import { headOf } from './read.ts';
import { CHANGE_COLUMNS, RESOURCE_COLUMNS } from './tables.ts';
import type { ChangeTable, RegistryKysely, RegistryTables } from './tables.ts';

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

const HISTORY: BackupTable = {
  name: 'registry_history',
  columns: { history: 'text', after_revision: 'integer', begun_at: 'integer' },
  key: ['history'],
};
const CHANGE: BackupTable = { name: 'registry_change', columns: CHANGE_COLUMNS, key: ['revision'] };
const RESOURCE: BackupTable = {
  name: 'registry_resource',
  columns: RESOURCE_COLUMNS,
  key: ['kind', 'namespace', 'name'],
};

export const REGISTRY_TABLES: readonly BackupTable[] = [HISTORY, CHANGE, RESOURCE];

export interface Backup {
  readonly head: BackupHead;
  /** All of it, the head first; each with its newline. */
  readonly lines: AsyncIterable<string>;
}

/**
 * Begins to read all that the database holds. Every line is JSON; either engine can be restored from it.
 *
 * The log is that of one revision, while others go on writing, and nothing holds them up: what was written up to a
 * revision never changes, and what the resources were then follows from it. So each page is a statement of its own, and
 * whoever reads slowly keeps no transaction open. Other tables are read as they are when their turn comes.
 * @param tables of other parts of the control plane, after those of the log
 * @param at milliseconds since the Unix epoch
 * @throws DatabaseFault (rejects with it; so do the lines)
 */
export async function readBackup(
  { kysely }: Database<RegistryTables>,
  tables: readonly BackupTable[],
  at: number,
): Promise<Backup> {
  const head: BackupHead = { format: FORMAT, version: FORMAT_VERSION, ...(await headOf(kysely)), at };
  return { head, lines: linesOf(kysely, tables, head) };
}

async function* linesOf(
  kysely: RegistryKysely,
  tables: readonly BackupTable[],
  head: BackupHead,
): AsyncGenerator<string> {
  const digest = createHash('sha256');
  const line = (value: object): string => {
    const text = `${JSON.stringify(value)}\n`;
    digest.update(text);
    return text;
  };
  const rowsOf = (table: BackupTable, rows: readonly Row[]): string => {
    const columns = Object.keys(table.columns);
    const values = rows.map((row) => columns.map((column) => plain(row[column] ?? null)));
    return line({ table: table.name, columns, rows: values } satisfies BackupRows);
  };
  yield line(head);
  for await (const rows of pagesOf(kysely, HISTORY)) yield rowsOf(HISTORY, rows);
  const until = sql`revision <= ${head.revision}`;
  for await (const rows of pagesOf(kysely, CHANGE, until)) yield rowsOf(CHANGE, rows);
  for await (const rows of resourcesAt(kysely, head.revision)) yield rowsOf(RESOURCE, rows);
  for (const table of tables) {
    for await (const rows of pagesOf(kysely, table)) yield rowsOf(table, rows);
  }
  const end: BackupEnd = { sha256: digest.digest('hex') };
  yield `${JSON.stringify(end)}\n`;
}

/**
 * Writes a backup line by line.
 * @param write resolves when the line was taken
 */
export async function backUp(
  database: Database<RegistryTables>,
  tables: readonly BackupTable[],
  at: number,
  write: (line: string) => Promise<void>,
): Promise<BackupHead> {
  const { head, lines } = await readBackup(database, tables, at);
  for await (const line of lines) await write(line);
  return head;
}

type Row = Readonly<Record<string, BackupValue | Uint8Array>>;
type Condition = ReturnType<typeof sql>;

async function* pagesOf(
  kysely: RegistryKysely,
  { name, columns, key }: BackupTable,
  condition: Condition = sql`1 = 1`,
): AsyncGenerator<readonly Row[]> {
  const names = sql.join(Object.keys(columns).map((column) => sql.ref(column)));
  const keys = sql.join(key.map((column) => sql.ref(column)));
  const size = new PageSize();
  let after = sql``;
  for (;;) {
    const { rows } = await sql<Row>`SELECT ${names} FROM ${sql.table(name)} WHERE ${condition} ${after}
      ORDER BY ${keys} LIMIT ${size.rows}`.execute(kysely);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    size.had(rows);
    after = sql`AND (${keys}) > (${sql.join(key.map((column) => last[column]))})`;
  }
}

/** What the resources were at a revision: of each, its last change until then, unless that deleted it. */
async function* resourcesAt(kysely: RegistryKysely, revision: number): AsyncGenerator<readonly Row[]> {
  const size = new PageSize();
  let after = 0;
  for (;;) {
    const { rows } = await sql<Pick<ChangeTable, 'revision' | 'after'>>`SELECT c.revision, c.after
      FROM registry_change AS c WHERE c.revision > ${after} AND c.revision <= ${revision} AND c.after <> ''
      AND NOT EXISTS (SELECT 1 FROM registry_change AS d WHERE d.name = c.name AND d.kind = c.kind
        AND d.namespace = c.namespace AND d.revision > c.revision AND d.revision <= ${revision})
      ORDER BY c.revision LIMIT ${size.rows}`.execute(kysely);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ after: text }) => rowOf(JSON.parse(text) as Resource));
    size.had(rows);
    after = last.revision;
  }
}

function rowOf({ at, createdRevision, document, set, source = '', declared, ...same }: Resource): Row {
  return {
    ...same,
    created_revision: createdRevision,
    changed_at: at,
    set_name: set,
    source,
    declared: declared === undefined ? '' : canonicalJson(declared),
    document: canonicalJson(document),
  };
}

const FIRST_ROWS = 100;
const MOST_ROWS = 1000;
const PAGE_CHARACTERS = 2 * 1024 * 1024;

/** Rows of the next page: as many as are some megabytes, by those of the last one. */
class PageSize {
  rows = FIRST_ROWS;

  had(rows: readonly Row[]): void {
    let characters = 0;
    for (const row of rows) for (const value of Object.values(row)) characters += lengthOf(value);
    const each = Math.max(1, characters / rows.length);
    // A few large ones may follow on many small ones.
    const most = Math.min(MOST_ROWS, this.rows * 2);
    this.rows = Math.max(1, Math.min(most, Math.floor(PAGE_CHARACTERS / each)));
  }
}

function lengthOf(value: BackupValue | Uint8Array): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
}

/** Bytes as hexadecimal digits. */
function plain(value: BackupValue | Uint8Array): BackupValue {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}
