import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { backUp } from '../../src/registry/backup.ts';
import type { BackupTable } from '../../src/registry/backup.ts';
import { backupFileLines, writeBackupFile } from '../../src/registry/backup-file.ts';
import { restore } from '../../src/registry/restore.ts';
import type { OpenedRegistry, RegistryPlace } from '../../src/registry/open.ts';
import { scratchFolder } from '../real/scratch.ts';
import { Fixture } from './fixture.ts';
import type { NewPlace } from './fixture.ts';
import { keyOf, ME, openAt, put, remove } from './opened.ts';

/** A table of another part, with bytes and with nothing. */
const SIDECARS: BackupTable = {
  name: 'sidecar',
  columns: { node: 'text', acked: 'integer', secret: 'bytes' },
  key: ['node'],
};

async function makeSidecars({ database: { kysely, engine } }: OpenedRegistry): Promise<void> {
  const bytes = engine === 'sqlite' ? 'blob' : 'bytea';
  await sql.raw(`CREATE TABLE sidecar (node text PRIMARY KEY, acked bigint, secret ${bytes})`).execute(kysely);
}

/** Backups of one engine, restored to either. */
export function backupBehaves(newPlace: NewPlace): void {
  const fixture = new Fixture(newPlace);
  const at = Date.UTC(2027, 0, 2);

  const backUpTo = async (file: string, opened = fixture.current): Promise<unknown> =>
    writeBackupFile(file, (write) => backUp(opened.database, [SIDECARS], at, write));

  const restoreTo = async (place: RegistryPlace, file: string): Promise<OpenedRegistry> => {
    const opened = await fixture.open(place);
    await makeSidecars(opened);
    await restore(opened.database, [SIDECARS], backupFileLines(file), { at, randomBytes });
    return opened;
  };

  test('a restored log has all of it, under a new history, and goes on with the next revision', async () => {
    const { registry, current } = fixture;
    await makeSidecars(current);
    await sql`INSERT INTO sidecar VALUES ('one', 7, ${Buffer.from('s3cret')}), ('two', NULL, NULL)`.execute(
      current.database.kysely,
    );
    const names = Array.from({ length: 2100 }, (_, n) => `n${n}`);
    await registry.write(
      names.map((name) => put(name, 'ü"\\\u2028\u2029')),
      ME,
    );
    await registry.write([put('n7', 'other'), remove('n8')], { actor: 'eve', reason: 'why' });
    const before = await registry.snapshot();
    const file = join(scratchFolder('backup'), 'backup.gz');
    expect(await backUpTo(file)).toMatchObject(before.head);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const places = [await newPlace(), { dataDir: scratchFolder('registry'), databaseUrl: undefined }];
    for (const place of places) {
      const restored = await restoreTo(place, file);
      const after = await restored.registry.snapshot();
      expect(after.resources).toEqual(before.resources);
      expect(after.head).toEqual({ ...before.head, history: after.head.history });
      expect(after.head.history).not.toBe(before.head.history);
      expect(await restored.registry.changesAfter(0, 10_000)).toEqual(await registry.changesAfter(0, 10_000));
      const { rows } = await sql`SELECT * FROM sidecar ORDER BY node`.execute(restored.database.kysely);
      expect(rows).toMatchObject([
        { node: 'one', acked: 7 },
        { node: 'two', acked: null, secret: null },
      ]);
      expect(Buffer.from((rows[0] as { secret: Uint8Array }).secret).toString()).toBe('s3cret');
      expect((await restored.registry.write([put('new', 1)], ME)).head.revision).toBe(before.head.revision + 1);
      expect((await restored.registry.verify()).problems).toEqual([]);
      const { rows: histories } = await sql<{ history: string }>`
        SELECT history FROM registry_history ORDER BY after_revision`.execute(restored.database.kysely);
      expect(histories.map(({ history }) => history)).toEqual([before.head.history, after.head.history]);
    }
  });

  test('is that of one revision, whatever is written while it is read', async () => {
    const { registry, current } = fixture;
    await makeSidecars(current);
    const names = Array.from({ length: 700 }, (_, n) => `n${n}`);
    await registry.write(
      names.map((name) => put(name, 'x'.repeat(200))),
      ME,
    );
    await registry.write([put('n1', 'changed'), remove('n2')], ME);
    await registry.write([put('n2', 'again'), remove('n3')], ME);
    const before = await registry.snapshot();
    const file = join(scratchFolder('backup'), 'backup.gz');
    let written = 0;
    const head = await writeBackupFile(file, (write) =>
      backUp(current.database, [SIDECARS], at, async (line) => {
        // Of what was read, of what is not read yet, and of what is new.
        const [gone, changed] = [names[10 + written], names[690 - written]];
        await registry.write([remove(gone ?? ''), put(changed ?? '', { written }), put(`new${written++}`, 1)], ME);
        await write(line);
      }),
    );
    expect(written).toBeGreaterThan(8);
    expect(head).toMatchObject(before.head);
    const restored = await restoreTo(await newPlace(), file);
    const after = await restored.registry.snapshot();
    expect(after.resources).toEqual(before.resources);
    expect(after.head).toEqual({ ...before.head, history: after.head.history });
    expect((await restored.registry.verify()).problems).toEqual([]);
    expect((await registry.verify()).problems).toEqual([]);
  });

  test('a log that holds something is not written over', async () => {
    await fixture.registry.write([put('a', 1)], ME);
    const file = join(scratchFolder('backup'), 'backup.gz');
    await makeSidecars(fixture.current);
    await backUpTo(file);
    const other = await newPlace();
    const opened = await openAt(other);
    await opened.registry.write([put('mine', 1)], ME);
    await opened.close();
    await expect(restoreTo(other, file)).rejects.toThrow(/holds revision 1: a backup is restored to a new folder/);
    expect(await (await fixture.open(await newPlace())).registry.resources([keyOf('mine')])).toEqual([]);
  });

  test('a backup that is cut, changed, of another kind or newer is refused, and nothing of it is there', async () => {
    await makeSidecars(fixture.current);
    await fixture.registry.write([put('a', 1), put('b', 2)], ME);
    const folder = scratchFolder('backup');
    const file = join(folder, 'backup.gz');
    await backUpTo(file);
    const bytes = readFileSync(file);
    const text = gunzipSync(bytes).toString();
    const broken: readonly (readonly [Buffer, RegExp])[] = [
      [bytes.subarray(0, bytes.length - 20), /is damaged, or no backup of ostiary|its end is missing/],
      [Buffer.from('hello'), /is damaged, or no backup of ostiary/],
      [gzipSync('{"hello":1}\n'), /this is not a backup of ostiary/],
      [gzipSync('hello\n'), /a line is no JSON/],
      [gzipSync(''), /its end is missing/],
      [gzipSync(text.slice(0, text.lastIndexOf('{"sha256"'))), /its end is missing/],
      [gzipSync(text.replace('"api"', '"git"')), /its digest is another/],
      [gzipSync(`${text}{}\n`), /something follows its last line/],
      [gzipSync(text.replace('"version":1', '"version":2')), /the backup is of version 2, and this ostiary knows 1/],
      [gzipSync(text.replace('"table":"registry_resource"', '"table":"registry_other"')), /has registry_other, which/],
    ];
    for (const [content, message] of broken) {
      const name = join(folder, 'broken.gz');
      writeFileSync(name, content);
      const place = await newPlace();
      await expect(restoreTo(place, name)).rejects.toThrow(message);
      const opened = fixture.opened(place) ?? (await fixture.open(place));
      expect((await opened.registry.snapshot()).resources).toEqual([]);
      expect((await opened.registry.write([put('a', 1)], ME)).head.revision).toBe(1);
    }
    await expect(restoreTo(await newPlace(), join(folder, 'none.gz'))).rejects.toThrow(
      /none\.gz can't be read \(ENOENT\)/,
    );
    await expect(backUpTo(join(folder, 'none', 'backup.gz'))).rejects.toThrow(/can't be written \(ENOENT\)/);
  });
}
