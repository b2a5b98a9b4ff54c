import { join } from 'node:path';
import { sql } from 'kysely';
import type { Clock, Timers } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { makePrivateFolder } from '../database/private-folder.ts';
import { NO_HASH } from './chain.ts';
import { Registry } from './registry.ts';
import type { Notices, RegistryObserver } from './registry.ts';
import { registrySchema } from './tables.ts';
import type { RegistryTables } from './tables.ts';

export interface RegistryPlace {
  /** A folder for our own files; made where it is not there. */
  readonly dataDir: string | undefined;
  /** `postgres://…`, in place of a file. */
  readonly databaseUrl: string | undefined;
}

export interface OpenRegistryPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** So many bytes that nobody can guess. */
  readonly randomBytes: (count: number) => Buffer;
  readonly observer?: RegistryObserver;
}

export interface OpenedRegistry {
  readonly registry: Registry;
  /** For other parts of the control plane, which bring tables of their own. */
  readonly database: Database<RegistryTables>;
  readonly close: () => Promise<void>;
}

const APPLICATION = 'ostiary control';
const CHANNEL = 'ostiary_registry';
/** Writers wait for each other: one whose network has gone holds up the others for half of this. */
const ANSWER_MS = 20_000;
/** A notice may be lost. */
const LOOK_MS = 1000;
/** Of the file's pages in memory. The system keeps them too. */
const CACHE_KIB = 4 * 1024;

/**
 * Opens the log, with its tables as this program needs them.
 * @throws DatabaseFault where the place can't be used, or a newer program has changed its tables
 */
export async function openRegistry(place: RegistryPlace, ports: OpenRegistryPorts): Promise<OpenedRegistry> {
  const { observer } = ports;
  const database = await openRegistryDatabase(place, () => observer?.databaseFault());
  try {
    await beginHistory(database, ports);
  } catch (error) {
    await database.close();
    throw error;
  }
  const { databaseUrl } = place;
  const notices = databaseUrl === undefined ? undefined : await openNotices(databaseUrl, ports);
  const registry = new Registry(database, { clock: ports.clock, notices, observer });
  return { registry, database, close: () => registry.close() };
}

/** @throws DatabaseFault */
async function openRegistryDatabase(
  { dataDir, databaseUrl }: RegistryPlace,
  onFault: () => void,
): Promise<Database<RegistryTables>> {
  if (databaseUrl !== undefined) {
    const { openPostgres } = await import('../database/open-postgres.ts');
    return openPostgres<RegistryTables>({
      url: databaseUrl,
      schema: registrySchema,
      applicationName: APPLICATION,
      onFault,
      answerMs: ANSWER_MS,
    });
  }
  if (dataDir === undefined) throw new TypeError('a registry needs a place');
  await makePrivateFolder(dataDir);
  const { openSqlite } = await import('../database/open-sqlite.ts');
  return openSqlite<RegistryTables>({
    file: join(dataDir, 'control.db'),
    durability: 'full',
    schema: registrySchema,
    cacheKib: CACHE_KIB,
    onFault,
  });
}

/** Of several processes that start at once the first one draws it. */
async function beginHistory(
  { kysely }: Database<RegistryTables>,
  { clock, randomBytes }: OpenRegistryPorts,
): Promise<void> {
  await kysely.transaction().execute(async (transaction) => {
    const history = newHistory(randomBytes);
    const { numAffectedRows } = await sql`INSERT INTO registry_head (id, history, revision, hash)
      VALUES (1, ${history}, 0, ${NO_HASH}) ON CONFLICT DO NOTHING`.execute(transaction);
    if (numAffectedRows !== 1n) return;
    await sql`INSERT INTO registry_history (history, after_revision, begun_at) VALUES (${history}, 0, ${clock.now()})`.execute(
      transaction,
    );
  });
}

export function newHistory(randomBytes: OpenRegistryPorts['randomBytes']): string {
  return randomBytes(16).toString('hex');
}

async function openNotices(url: string, { timers, random }: OpenRegistryPorts): Promise<Notices> {
  const { PostgresNotices } = await import('../database/postgres-notices.ts');
  let onNotice = (): void => {};
  const connection = new PostgresNotices({
    url,
    channel: CHANNEL,
    applicationName: APPLICATION,
    timers,
    random,
    onNotice: () => onNotice(),
  });
  let cancel = (): void => {};
  const look = (): void => {
    cancel = timers.after(LOOK_MS, () => {
      onNotice();
      look();
    });
  };
  look();
  return {
    listen(listener) {
      onNotice = listener;
    },
    async tell(transaction) {
      await sql`SELECT pg_notify(${CHANNEL}, '')`.execute(transaction);
    },
    async close() {
      cancel();
      await connection.close();
    },
  };
}
