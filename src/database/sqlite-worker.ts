// The thread that has a file of SQLite: `node:sqlite` is synchronous, and a commit waits for the disk.
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { parentPort } from 'node:worker_threads';
import type { SqliteAnswer, SqliteFailure, SqliteOpening, SqliteQuestion, SqliteValue } from './sqlite-messages.ts';

/** Marks our files in SQLite's header: `osti`. */
const APPLICATION_ID = 0x6f737469;
const NOT_A_DATABASE = 26;
const MAX_STATEMENTS = 256;

let database: DatabaseSync | undefined;
/** Prepared statements; the oldest first. */
const statements = new Map<string, StatementSync>();

function open({ file, durability, busyTimeoutMs, cacheKib }: SqliteOpening): void {
  const opened = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    // This must come before anything is written. Space of deleted rows can then be returned to the file system.
    opened.exec('PRAGMA auto_vacuum = INCREMENTAL');
    // If two processes open one file, the second is refused. No shared memory is needed then.
    opened.exec('PRAGMA locking_mode = EXCLUSIVE');
    opened.exec('PRAGMA journal_mode = WAL');
    opened.exec('BEGIN EXCLUSIVE');
    checkOwner(opened);
    opened.exec('COMMIT');
    opened.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
    opened.exec(`PRAGMA cache_size = -${cacheKib}`);
    // Temporary files have no place on a read-only root file system.
    opened.exec('PRAGMA temp_store = MEMORY');
    opened.exec(`PRAGMA journal_size_limit = ${32 * 1024 * 1024}`);
  } catch (error) {
    opened.close();
    throw error;
  }
  database = opened;
}

function checkOwner(opened: DatabaseSync): void {
  const { owner } = opened.prepare('SELECT application_id AS owner FROM pragma_application_id').get() as {
    owner: number;
  };
  if (owner === APPLICATION_ID) return;
  const { tables } = opened.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number };
  if (owner !== 0 || tables > 0) {
    throw Object.assign(new Error('it is of another program'), { errcode: NOT_A_DATABASE });
  }
  opened.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
}

function statementOf(opened: DatabaseSync, sql: string): StatementSync {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const [oldest] = statements.keys();
  if (oldest !== undefined && statements.size >= MAX_STATEMENTS) statements.delete(oldest);
  const made = opened.prepare(sql);
  statements.set(sql, made);
  return made;
}

function run(
  sql: string,
  parameters: readonly SqliteValue[],
): Pick<Extract<SqliteAnswer, { rows: unknown }>, 'rows' | 'changes'> {
  if (database === undefined) throw new Error('the database is not open');
  const statement = statementOf(database, sql);
  const values = parameters as SqliteValue[] as Parameters<StatementSync['all']>;
  if (statement.columns().length > 0) return { rows: statement.all(...values), changes: 0 };
  return { rows: [], changes: statement.run(...values).changes };
}

function close(): void {
  statements.clear();
  database?.exec('PRAGMA optimize');
  database?.close();
  database = undefined;
}

function answer(question: SqliteQuestion): SqliteAnswer {
  const { id } = question;
  try {
    if (question.kind === 'run') return { id, ...run(question.sql, question.parameters) };
    if (question.kind === 'open') open(question.opening);
    else close();
    return { id, rows: [], changes: 0 };
  } catch (error) {
    return { id, error: failureOf(error) };
  }
}

function failureOf(error: unknown): SqliteFailure {
  const { errcode = 0, message } = error as Error & { errcode?: number };
  // The primary result code is the lower byte (sqlite.org/rescode.html).
  return { code: errcode & 0xff, message };
}

parentPort?.on('message', (question: SqliteQuestion) => {
  const given = answer(question);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  parentPort?.postMessage(given);
  if (question.kind === 'close') parentPort?.close();
});
