import { chmod, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Kysely } from 'kysely';
import type { Database, Schema } from './database.ts';
import { DatabaseFault } from './database-fault.ts';
import { migrated } from './migrate.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { sqliteFault } from './sqlite-faults.ts';
import { SqliteThread } from './sqlite-thread.ts';

export interface SqliteOptions {
  /** Created if it does not exist; its folder must exist. */
  readonly file: string;
  /** `full`: committed data survives a power cut. `normal`: it survives only the end of the process. */
  readonly durability: 'normal' | 'full';
  readonly schema: Schema;
  /** How long to wait for another process to release the file. */
  readonly busyTimeoutMs?: number;
  readonly cacheKib?: number;
  /** Called for each statement that was not carried out. */
  readonly onFault?: () => void;
}

const BUSY_TIMEOUT_MS = 2000;
const CACHE_KIB = 8192;

/**
 * Opens a file of SQLite, for this process alone.
 * @throws DatabaseFault (rejects with it)
 */
export async function openSqlite<Tables>(options: SqliteOptions): Promise<Database<Tables>> {
  const { file, durability, schema, busyTimeoutMs = BUSY_TIMEOUT_MS, cacheKib = CACHE_KIB } = options;
  await makeFile(file);
  const thread = new SqliteThread({ file, durability, busyTimeoutMs, cacheKib });
  const faultOf = (error: unknown): unknown => sqliteFault(file, error);
  try {
    await thread.open();
  } catch (error) {
    throw faultOf(error);
  }
  await closeToOthers(file);
  const told = (error: unknown): unknown => {
    options.onFault?.();
    return faultOf(error);
  };
  const kysely = new Kysely<Tables>({ dialect: sqliteDialect(thread, told) });
  return migrated<Tables>({ engine: 'sqlite', name: file, kysely, close: () => kysely.destroy() }, schema);
}

/** Creates the file so that only our user can ever read it. SQLite gives its other files the same permissions. */
async function makeFile(file: string): Promise<void> {
  try {
    const handle = await open(file, 'a', 0o600);
    await handle.close();
  } catch (error) {
    throw openingFault(file, error as NodeJS.ErrnoException);
  }
}

/** Restricts the permissions of a file that exists and belongs to us. */
async function closeToOthers(file: string): Promise<void> {
  for (const each of [file, `${file}-wal`]) await chmod(each, 0o600).catch(() => {});
}

function openingFault(file: string, error: NodeJS.ErrnoException): DatabaseFault {
  const folder = dirname(file);
  const options = { cause: error };
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new DatabaseFault('no_folder', `${file}: there is no folder ${folder}; make it first`, options);
    case 'EROFS':
      return new DatabaseFault(
        'read_only',
        `${file}: ${folder} is on a read-only file system; mount a volume there`,
        options,
      );
    case 'EACCES':
    case 'EPERM':
      return new DatabaseFault(
        'read_only',
        `${file} can't be written to: check the owner and the permissions of ${folder}`,
        options,
      );
    case 'EISDIR':
      return new DatabaseFault(
        'foreign',
        `${file} is a folder, not a file: move it away, or name another folder`,
        options,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new DatabaseFault('full', `${file}: the disk is full; make room on it`, options);
    default:
      return new DatabaseFault('failed', `${file} can't be opened (${error.code ?? error.message})`, options);
  }
}
