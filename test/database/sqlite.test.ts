import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import type { Database, Migration } from '../../src/database/database.ts';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import type { SqliteOptions } from '../../src/database/open-sqlite.ts';
import { SqliteThread } from '../../src/database/sqlite-thread.ts';
import { tableOf } from '../../src/database/table-of.ts';
import { scratchFolder } from '../real/scratch.ts';

interface Tables {
  readonly letter: { readonly id: number; readonly content: Uint8Array | null };
}

const first: Migration = {
  version: 1,
  up: async ({ kysely }) => {
    await kysely.schema.createTable('letter').addColumn('id', 'integer').addColumn('content', 'blob').execute();
  },
};
const second: Migration = {
  version: 2,
  up: async ({ kysely }) => {
    await sql`INSERT INTO letter (id) VALUES (2)`.execute(kysely);
  },
};

const opened: Database<Tables>[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

async function open(
  file: string,
  migrations = [first],
  options: Partial<SqliteOptions> = {},
): Promise<Database<Tables>> {
  const schema = { part: 'letters', migrations };
  const database = await openSqlite<Tables>({ file, durability: 'normal', schema, busyTimeoutMs: 100, ...options });
  opened.push(database);
  return database;
}

const newFile = (): string => join(scratchFolder('sqlite'), 'letters.db');
const idsIn = async ({ kysely }: Database<Tables>): Promise<number[]> =>
  (await kysely.selectFrom('letter').select('id').orderBy('id').execute()).map(({ id }) => id);

test('the file and what lies beside it are for our user alone', async () => {
  const file = newFile();
  const { kysely } = await open(file);
  await kysely.insertInto('letter').values({ id: 1, content: null }).execute();
  expect([file, `${file}-wal`].map((each) => statSync(each).mode & 0o777)).toEqual([0o600, 0o600]);
});

test('octets and numbers come back as they were, one by one and by hundreds', async () => {
  const { kysely, engine } = await open(newFile());
  await kysely
    .insertInto('letter')
    .values({ id: 2 ** 40, content: Uint8Array.of(0, 255, 128) })
    .execute();
  const rows = Array.from({ length: 500 }, (_, at) => [at, at.toString(16).padStart(4, '0')]);
  const source = tableOf(engine, { id: 'integer', content: 'bytes' }, rows);
  await sql`INSERT INTO letter (id, content) SELECT id, content FROM ${source} AS new`.execute(kysely);
  const found = await kysely.selectFrom('letter').selectAll().orderBy('id', 'desc').limit(2).execute();
  expect(found).toEqual([
    { id: 2 ** 40, content: Uint8Array.of(0, 255, 128) },
    { id: 499, content: Uint8Array.of(1, 243) },
  ]);
});

test('a transaction is whole or not at all, and others wait for its end', async () => {
  const database = await open(newFile());
  const { kysely } = database;
  const failing = kysely.transaction().execute(async (transaction) => {
    await transaction.insertInto('letter').values({ id: 1, content: null }).execute();
    throw new Error('no');
  });
  const working = kysely.insertInto('letter').values({ id: 2, content: null }).execute();
  await expect(failing).rejects.toThrow('no');
  await working;
  expect(await idsIn(database)).toEqual([2]);
});

test('steps run once, in their order; a file with more of them is refused by whoever knows fewer', async () => {
  const file = newFile();
  await (await open(file)).close();
  const newer = await open(file, [first, second]);
  expect(await idsIn(newer)).toEqual([2]);
  await newer.close();
  expect(await idsIn(await open(file, [first, second]))).toEqual([2]);
  await opened.pop()?.close();
  await expect(open(file)).rejects.toMatchObject({
    kind: 'newer',
    message: `${file} has version 2 of the tables for letters, and this ostiary knows 1: run the newer one`,
  });
});

test('a step that fails leaves nothing behind', async () => {
  const file = newFile();
  const failing: Migration = {
    version: 2,
    up: async (database) => {
      await second.up(database);
      throw new Error('no');
    },
  };
  await expect(open(file, [first, failing])).rejects.toThrow('no');
  expect(await idsIn(await open(file))).toEqual([]);
});

test('a second process on the same file is refused, and the first goes on', async () => {
  const file = newFile();
  const database = await open(file);
  const other = fork(join(import.meta.dirname, 'opens-sqlite.ts'), [file], { stdio: 'pipe' });
  const [message] = (await once(other, 'message')) as [string];
  expect(message).toBe(`in_use ${file} is used by another process: end that one, or name another folder by --data-dir`);
  await database.kysely.insertInto('letter').values({ id: 1, content: null }).execute();
  expect(await idsIn(database)).toEqual([1]);
});

test('a file that is not a database, or of another program, is refused and stays as it is', async () => {
  const text = newFile();
  writeFileSync(text, 'not a database, but long enough to be taken for the header of one: '.repeat(4), { mode: 0o644 });
  await expect(open(text)).rejects.toMatchObject({
    kind: 'foreign',
    message: `${text} is not a database of ostiary: move it away, or name another folder`,
  });
  expect(readFileSync(text, 'utf8')).toMatch(/^not a database/);
  expect(statSync(text).mode & 0o777).toBe(0o644);
  const foreign = newFile();
  const theirs = new DatabaseSync(foreign);
  theirs.exec('CREATE TABLE theirs (a)');
  theirs.close();
  await expect(open(foreign)).rejects.toMatchObject({ kind: 'foreign' });
});

test('a folder that is not there is named', async () => {
  const file = join(scratchFolder('sqlite'), 'none', 'letters.db');
  await expect(open(file)).rejects.toMatchObject({
    kind: 'no_folder',
    message: expect.stringMatching(/there is no folder .*none; make it first$/),
  });
});

/** Root may write to any folder but those of the kernel. */
function closedFolder(): string {
  if (process.getuid?.() === 0) return '/sys/fs';
  const folder = join(scratchFolder('sqlite'), 'closed');
  mkdirSync(folder);
  chmodSync(folder, 0o500);
  return folder;
}

test('a folder that may not be written to is named', async () => {
  await expect(open(join(closedFolder(), 'letters.db'))).rejects.toMatchObject({
    kind: 'read_only',
    message: expect.stringMatching(/check the owner/),
  });
});

test('after its thread has died, the next statement has a new one', async () => {
  const started: Worker[] = [];
  const program = join(import.meta.dirname, '../../src/database/sqlite-worker.ts');
  const thread = new SqliteThread({ file: newFile(), durability: 'normal', busyTimeoutMs: 100, cacheKib: 1024 }, () => {
    const worker = new Worker(program);
    started.push(worker);
    return worker;
  });
  await thread.run('CREATE TABLE letter (id)', []);
  // First: a statement that has begun is not interrupted, and this one has no end.
  void started[0]?.terminate();
  const asked = thread.run(
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
    [],
  );
  await expect(asked).rejects.toThrow('the thread that has the file has ended');
  expect((await thread.run('SELECT count(*) AS count FROM letter', [])).rows).toEqual([{ count: 0 }]);
  expect(started).toHaveLength(2);
  await thread.close();
});

test('without room a statement fails with the remedy, its transaction leaves nothing, and with room it goes on', async () => {
  const file = newFile();
  const database = await open(file);
  const { kysely } = database;
  const write = (id: number): Promise<void> =>
    kysely.transaction().execute(async (transaction) => {
      await transaction.insertInto('letter').values({ id, content: null }).execute();
      await transaction
        .insertInto('letter')
        .values({ id, content: new Uint8Array(100_000) })
        .execute();
    });
  // As SQLite answers where the disk has no more pages.
  await sql`PRAGMA max_page_count = 8`.execute(kysely);
  await expect(write(1)).rejects.toMatchObject({ kind: 'full', message: `${file}: the disk is full; make room on it` });
  expect(await idsIn(database)).toEqual([]);
  await sql`PRAGMA max_page_count = 1000`.execute(kysely);
  await write(2);
  expect(await idsIn(database)).toEqual([2, 2]);
});

test('what is closed takes no more statements', async () => {
  const database = await open(newFile());
  await database.close();
  await expect(idsIn(database)).rejects.toThrow(/destroyed|closed/);
});
