import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import { tableOf } from '../database/table-of.ts';
import { UserError } from '../errors.ts';
import { FORMAT, FORMAT_VERSION, REGISTRY_TABLES } from './backup.ts';
import type { BackupEnd, BackupHead, BackupRows, BackupTable } from './backup.ts';
import type { Head } from './log.ts';
import { newHistory } from './open.ts';
import { headOf } from './read.ts';
import type { RegistryTables } from './tables.ts';
import { verifyWithin } from './verify.ts';

export interface RestorePorts {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly randomBytes: (count: number) => Buffer;
}

/**
 * Fills an empty database from a backup, all of it or nothing. The log gets a new history: a sidecar that has seen more than
 * the backup must not take it for the same.
 * @param tables of other parts of the control plane, as for `backUp`
 * @param lines of the backup, without their newlines
 * @throws UserError where the database is not empty, or the backup is damaged or of a newer ostiary
 */
export async function restore(
  database: Database<RegistryTables>,
  tables: readonly BackupTable[],
  lines: AsyncIterable<string>,
  ports: RestorePorts,
): Promise<Head> {
  return database.kysely.transaction().execute(async (inside) => {
    if (database.engine === 'postgres') await sql`SELECT id FROM registry_head FOR UPDATE`.execute(inside);
    const { revision } = await headOf(inside);
    if (revision > 0) {
      throw new UserError(
        `${database.name} holds revision ${revision}: a backup is restored to a new folder or database, never over another`,
      );
    }
    await sql`DELETE FROM registry_history`.execute(inside);
    const head = await fill(inside, database.engine, [...REGISTRY_TABLES, ...tables], lines);
    const history = newHistory(ports.randomBytes);
    await sql`UPDATE registry_head SET history = ${history}, revision = ${head.revision}, hash = ${head.hash}`.execute(
      inside,
    );
    await sql`INSERT INTO registry_history (history, after_revision, begun_at)
      VALUES (${history}, ${head.revision}, ${ports.at})`.execute(inside);
    const [problem] = (await verifyWithin(inside)).problems;
    if (problem !== undefined) throw new UserError(`the backup is not what was written: ${problem}`);
    return { history, revision: head.revision, hash: head.hash };
  });
}

async function fill(
  inside: Transaction<RegistryTables>,
  engine: Database<unknown>['engine'],
  tables: readonly BackupTable[],
  lines: AsyncIterable<string>,
): Promise<BackupHead> {
  const byName = new Map(tables.map((table) => [table.name, table]));
  const digest = createHash('sha256');
  let head: BackupHead | undefined;
  let isWhole = false;
  for await (const line of lines) {
    if (isWhole) throw damaged('something follows its last line');
    const value = parsed(line);
    if (head === undefined) head = headFrom(value);
    else if ('sha256' in value) {
      if (digest.digest('hex') !== (value as BackupEnd).sha256) throw damaged('its digest is another');
      isWhole = true;
      continue;
    } else await insert(inside, engine, byName, value as BackupRows);
    digest.update(`${line}\n`);
  }
  if (head === undefined || !isWhole) throw damaged('its end is missing');
  return head;
}

function parsed(line: string): object {
  try {
    return Object(JSON.parse(line)) as object;
  } catch {
    throw damaged('a line is no JSON');
  }
}

function headFrom(value: object): BackupHead {
  const head = value as Partial<BackupHead>;
  if (head.format !== FORMAT) throw new UserError('this is not a backup of ostiary');
  if (head.version !== FORMAT_VERSION) {
    throw new UserError(`the backup is of version ${head.version}, and this ostiary knows ${FORMAT_VERSION}`);
  }
  return head as BackupHead;
}

async function insert(
  inside: Transaction<RegistryTables>,
  engine: Database<unknown>['engine'],
  tables: ReadonlyMap<string, BackupTable>,
  { table: name, columns, rows }: BackupRows,
): Promise<void> {
  const table = tables.get(name);
  const unknown = table === undefined ? name : columns.find((column) => !Object.hasOwn(table.columns, column));
  if (table === undefined || unknown !== undefined) {
    throw new UserError(`the backup has ${unknown}, which this ostiary does not know: restore it with a newer one`);
  }
  const kinds = Object.fromEntries(columns.map((column) => [column, table.columns[column] ?? 'text']));
  await sql`INSERT INTO ${sql.table(name)} (${sql.join(columns.map((column) => sql.ref(column)))})
    SELECT * FROM ${tableOf(engine, kinds, rows)} AS added`.execute(inside);
}

function damaged(why: string): UserError {
  return new UserError(`the backup is damaged: ${why}`);
}
