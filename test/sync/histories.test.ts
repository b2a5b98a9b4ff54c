import { randomBytes } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openSidecarStore } from '../../src/control/sidecar-store.ts';
import { SIDECAR_BACKUP_TABLES } from '../../src/control/sidecar-tables.ts';
import { backUp } from '../../src/registry/backup.ts';
import { backupFileLines, writeBackupFile } from '../../src/registry/backup-file.ts';
import type { OpenedRegistry, RegistryPlace } from '../../src/registry/open.ts';
import { restore } from '../../src/registry/restore.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { openAt } from '../registry/opened.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';
import { scratchFolder } from '../real/scratch.ts';
import { startControl, TestSidecar } from './fixture.ts';
import type { TestControl } from './fixture.ts';
import { api, client, contract, put } from './memory-log.ts';

/** Followers come back after pauses, which grow while nobody answers. */
const PATIENCE_MS = 60_000;

/** A control plane on a real database. */
type Plane = TestControl & Pick<OpenedRegistry, 'registry' | 'database'>;

const CLOSING: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of CLOSING.splice(0).toReversed()) await each.close();
});

async function open(place: RegistryPlace): Promise<Plane> {
  const opened = await openAt(place);
  const store = await openSidecarStore(opened.database);
  const plane = await startControl(opened.registry, { store });
  const started = {
    ...opened,
    ...plane,
    async close() {
      await plane.close();
      await opened.close();
    },
  };
  CLOSING.push(started);
  return started;
}

async function end(plane: Plane): Promise<void> {
  CLOSING.splice(CLOSING.indexOf(plane), 1);
  await plane.close();
}

/** A sidecar that follows whichever control plane its address leads to. */
class Following {
  plane: Plane | undefined;
  readonly #token: string;
  readonly #folder = join(scratchFolder('histories'), 'cache');
  sidecar: TestSidecar;

  private constructor(plane: Plane, token: string) {
    this.plane = plane;
    this.#token = token;
    this.sidecar = this.#begin();
  }

  static async of(plane: Plane): Promise<Following> {
    const following = new Following(plane, await plane.token());
    await following.sidecar.opened();
    return following;
  }

  #begin(): TestSidecar {
    const sidecar = new TestSidecar(() => this.plane, { token: this.#token, folder: this.#folder });
    CLOSING.push(sidecar);
    return sidecar;
  }

  get names(): readonly string[] {
    return this.sidecar.names;
  }

  async restart(): Promise<void> {
    await this.sidecar.close();
    this.sidecar = this.#begin();
    await this.sidecar.opened();
  }

  async said(what: string): Promise<void> {
    await this.sidecar.until(() => this.sidecar.said.some((line) => line.includes(what)));
    this.sidecar.said.length = 0;
  }

  has(names: readonly string[]): Promise<void> {
    return this.sidecar.until(() => JSON.stringify(this.names) === JSON.stringify(names));
  }
}

const SHOP = [api('orders'), client('web'), contract('web-orders', 'web', 'orders')];
const FIRST = ['Api orders', 'ClientApplication web', 'Contract web-orders'];
const LATER = ['Api orders', 'Api stock', 'ClientApplication web', 'Contract web-orders', 'Contract web-stock'];

async function shop(place: RegistryPlace): Promise<{ plane: Plane; one: Following }> {
  const plane = await open(place);
  await put(plane.registry, ...SHOP);
  return { plane, one: await Following.of(plane) };
}

/** No contract is lost, whatever database an address suddenly leads to. */
function keepsContracts(newPlace: NewPlace): void {
  test('a restored backup takes nothing from a sidecar, until it is adopted', { timeout: PATIENCE_MS }, async () => {
    const { plane, one } = await shop(await newPlace());
    const file = join(scratchFolder('backup'), 'backup.gz');
    await writeBackupFile(file, (write) => backUp(plane.database, SIDECAR_BACKUP_TABLES, Date.now(), write));
    await put(plane.registry, api('stock'), contract('web-stock', 'web', 'stock'));
    await one.has(LATER);
    await end(plane);

    const place = await newPlace();
    const empty = await openAt(place);
    await openSidecarStore(empty.database);
    await restore(empty.database, SIDECAR_BACKUP_TABLES, backupFileLines(file), { at: Date.now(), randomBytes });
    await empty.close();
    one.plane = await open(place);
    await one.said('unknown history');
    // Neither what is written next nor a start of its own changes that.
    await put(one.plane.registry, api('other'), api('another'), api('a-third'));
    await one.restart();
    await one.said('unknown history');
    expect(one.names).toEqual(LATER);
    await one.plane.followers.presence.flush();
    const [told] = await one.plane.store.list();
    expect(told?.otherHistory).toMatch(/^[0-9a-f]{32}$/);

    await one.plane.store.adopt([told?.otherHistory ?? ''], Date.now() + 1000);
    await one.plane.followers.lookAgain();
    await one.has([
      'Api a-third',
      'Api another',
      'Api orders',
      'Api other',
      'ClientApplication web',
      'Contract web-orders',
    ]);
  });

  test('another database takes nothing from a sidecar, empty or not', { timeout: PATIENCE_MS }, async () => {
    const { plane, one } = await shop(await newPlace());
    const wrong = await newPlace();
    await end(plane);
    one.plane = await open(wrong);
    await one.said('unknown here');
    await put(one.plane.registry, api('foreign'));
    await one.restart();
    await one.said('unknown here');
    expect(one.names).toEqual(FIRST);
    expect(await one.plane.store.list()).toEqual([]);
    // Even with a token of it: the operator has mixed up two of them.
    const token = await one.plane.token();
    const mixed = new TestSidecar(() => one.plane, { token, node: 'two' });
    CLOSING.push(mixed);
    await mixed.opened();
    expect(mixed.names).toEqual(['Api foreign']);
    expect(one.names).toEqual(FIRST);
  });

  test(
    'two databases that are swapped take nothing from the sidecars of either, and swapped back all goes on',
    { timeout: PATIENCE_MS },
    async () => {
      const places = [await newPlace(), await newPlace()] as const;
      const [{ plane: a, one }, b] = [await shop(places[0]), await open(places[1])];
      await put(b.registry, api('pets'));
      const other = await Following.of(b);
      await end(a);
      await end(b);
      [one.plane, other.plane] = [await open(places[1]), await open(places[0])];
      await Promise.all([one.said('unknown here'), other.said('unknown here')]);
      await put(one.plane.registry, api('more-pets'));
      await put(other.plane.registry, api('stock'), contract('web-stock', 'web', 'stock'));
      await Promise.all([one.restart(), other.restart()]);
      await Promise.all([one.said('unknown here'), other.said('unknown here')]);
      expect([one.names, other.names]).toEqual([FIRST, ['Api pets']]);

      await end(one.plane);
      await end(other.plane);
      [one.plane, other.plane] = [await open(places[0]), await open(places[1])];
      await Promise.all([one.has(LATER), other.has(['Api more-pets', 'Api pets'])]);
      // What was missed, and not everything anew.
      expect([one.sidecar.snapshots, other.sidecar.snapshots]).toEqual([0, 0]);
    },
  );
}

describe('on SQLite', () => {
  keepsContracts(async () => ({ dataDir: scratchFolder('histories'), databaseUrl: undefined }));

  test(
    'a copy of an old file takes nothing from a sidecar, and neither does what is written to it',
    { timeout: PATIENCE_MS },
    async () => {
      const place = { dataDir: scratchFolder('histories'), databaseUrl: undefined };
      const { plane, one } = await shop(place);
      await end(plane);
      const old = { dataDir: scratchFolder('histories'), databaseUrl: undefined };
      copyFileSync(join(place.dataDir, 'control.db'), join(old.dataDir, 'control.db'));
      one.plane = await open(place);
      await put(one.plane.registry, api('stock'), contract('web-stock', 'web', 'stock'));
      await one.has(LATER);
      await end(one.plane);
      one.sidecar.said.length = 0;

      // It says that it is the same history, and has come less far; then further, by another way.
      one.plane = await open(old);
      await one.said('unknown history');
      await put(one.plane.registry, api('x'), api('y'), api('z'));
      await one.restart();
      await one.said('unknown history');
      expect(one.names).toEqual(LATER);
    },
  );
});

const part = await partOrSkip('postgres');

describe.skipIf(part === undefined)('on PostgreSQL', () => {
  let postgres: RealPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  keepsContracts(async () => ({ dataDir: undefined, databaseUrl: await postgres.createDatabase() }));
});
