import { randomBytes } from 'node:crypto';
import { makeWayForEvents, migrateAudit } from '../audit/store.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { UserError } from '../errors.ts';
import { backUp } from '../registry/backup.ts';
import { backupFileLines, writeBackupFile } from '../registry/backup-file.ts';
import { openRegistry } from '../registry/open.ts';
import type { OpenedRegistry } from '../registry/open.ts';
import { restore } from '../registry/restore.ts';
import { BACKUP_TABLES } from './backup-tables.ts';
import type { ControlFlags } from './flags.ts';
import { rekey } from './rekey.ts';
import { openVault } from './secrets-key.ts';
import { openNotifyDatabase } from '../notify/store.ts';
import { openPeopleTables } from '../people/open.ts';
import { openSidecarStore } from './sidecar-store.ts';

type Place = Pick<ControlFlags, 'dataDir' | 'database'>;

/** Brings all tables to this program's version. @returns a sentence for people @throws UserError, DatabaseFault */
export async function migrateTables(place: Place): Promise<string> {
  return opened(place, async ({ registry }) => {
    const { revision } = await registry.head();
    return `the tables in ${registry.place} are those of this version, at revision ${revision}`;
  });
}

/** Writes everything to a file, compressed: of a database that is at hand, and not served by a running control plane. */
export async function backUpTo(file: string, place: Place): Promise<string> {
  return opened(place, async ({ database }) => {
    const head = await writeBackupFile(file, (write) => backUp(database, BACKUP_TABLES, clock.now(), write));
    return `${file} holds everything up to revision ${head.revision}`;
  });
}

/** Fills an empty database from such a file. Its log is another history: sidecars take it after `ostiary control adopt`. */
export async function restoreFrom(file: string, place: Place): Promise<string> {
  return opened(place, async ({ database, registry }) => {
    const ports = { at: clock.now(), randomBytes };
    await makeWayForEvents(database);
    const head = await restore(database, BACKUP_TABLES, backupFileLines(file), ports);
    return (
      `${registry.place} holds everything up to revision ${head.revision}. Sidecars keep what they enforce until they are ` +
      'told to take this log: start the control plane, and run ostiary control adopt'
    );
  });
}

/** Encrypts all Secrets with the first key of the file. @returns a sentence for people @throws UserError, DatabaseFault */
export async function renewKey(place: Place & Pick<ControlFlags, 'secretsKeyFile'>): Promise<string> {
  if (place.secretsKeyFile === undefined) throw new UserError('with which key? Give --secrets-key-file FILE', 2);
  return opened(place, async ({ registry }) => {
    const vault = await openVault(place.secretsKeyFile, registry, randomBytes);
    if (vault === undefined) throw new TypeError('a file has keys');
    const { count, changed } = await rekey(registry, vault);
    return changed === 0
      ? `all Secrets in ${registry.place} (${count}) are encrypted with the first key`
      : `${changed} of ${count} Secrets are encrypted with the first key now: no other key is needed for what there is`;
  });
}

async function opened<Result>(
  { dataDir, database: databaseUrl }: Place,
  use: (registry: OpenedRegistry) => Promise<Result>,
): Promise<Result> {
  if (dataDir === undefined && databaseUrl === undefined) {
    throw new UserError('of what? Give --data-dir DIR, or --database postgres://…', 2);
  }
  const registry = await openRegistry({ dataDir, databaseUrl }, { clock, timers, random: Math.random, randomBytes });
  try {
    await openSidecarStore(registry.database);
    await migrateAudit(registry.database);
    await openPeopleTables(registry.database);
    await openNotifyDatabase(registry.database);
    return await use(registry);
  } finally {
    await registry.close();
  }
}
