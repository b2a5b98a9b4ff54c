import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timers } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { DatabaseFault } from '../database/database-fault.ts';
import type { Registry } from '../observe/prometheus.ts';
import { createHistoryMetrics } from './history-metrics.ts';
import { History } from './history.ts';
import { historySchema } from './schema.ts';
import { SlotWriter } from './slot-writer.ts';
import type { HistoryTables } from './tables.ts';

export interface HistoryPlace {
  /** The folder for our own files; created if it does not exist. */
  readonly dataDir: string | undefined;
  /** `postgres://…`, instead of a file. */
  readonly databaseUrl: string | undefined;
  readonly maxBytes: number;
}

export interface OpenHistoryPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly registry: Registry;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string, detail: string) => void;
}

export interface OpenedHistory {
  readonly history: History;
  readonly writer: SlotWriter;
  /** Writes slots that wait, and closes the database. */
  close(): Promise<void>;
}

/**
 * Opens the store, with a writer that writes the slots it receives.
 * @throws DatabaseFault (rejects with it) if the place can't be used
 */
export async function openHistory(place: HistoryPlace, ports: OpenHistoryPorts): Promise<OpenedHistory> {
  const { clock, timers, registry, tell } = ports;
  const metrics = createHistoryMetrics(registry);
  const database = await openDatabase(place);
  const history = new History(database, {
    clock,
    maxBytes: place.maxBytes,
    events: {
      answered: (durationMs) => metrics.answered(durationMs),
      sized: (bytes) => metrics.sized(bytes),
      cut: ({ level, beforeMs }) => {
        const before = new Date(beforeMs).toISOString();
        tell(
          'warn',
          'history at its size limit',
          `rows of ${level} before ${before} were deleted: see --analytics-max-size`,
        );
      },
    },
  });
  const writer = new SlotWriter({
    history,
    timers,
    events: {
      settled(fate) {
        metrics.settled(fate);
        if (fate === 'added') metrics.written(clock.now());
      },
      failed: (error) => tell('error', 'history not written', messageOf(error)),
      recovered: (dropped) => tell('info', 'history written again', `${dropped} slots were dropped meanwhile`),
    },
  });
  metrics.observeWaiting(() => writer.waiting);
  return {
    history,
    writer,
    async close() {
      await writer.close();
      await history.close();
    },
  };
}

async function openDatabase({ dataDir, databaseUrl }: HistoryPlace): Promise<Database<HistoryTables>> {
  if (databaseUrl !== undefined) {
    const { openPostgres } = await import('../database/open-postgres.ts');
    return openPostgres<HistoryTables>({ url: databaseUrl, schema: historySchema, applicationName: 'ostiary history' });
  }
  if (dataDir === undefined) throw new TypeError('a history needs a place');
  await makePrivateFolder(dataDir);
  const { openSqlite } = await import('../database/open-sqlite.ts');
  return openSqlite<HistoryTables>({
    file: join(dataDir, 'analytics.db'),
    durability: 'normal',
    schema: historySchema,
  });
}

/** Does not create parent folders, so that a misspelt path or a volume that is not mounted is reported. */
async function makePrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw folderFault(folder, code, error);
  }
  const status = await stat(folder);
  if (!status.isDirectory()) throw folderFault(folder, 'ENOTDIR', undefined);
  // If the volume belongs to another user, our files in it are still private.
  if ((status.mode & 0o077) !== 0 && status.uid === process.getuid?.()) await chmod(folder, 0o700).catch(() => {});
}

function folderFault(folder: string, code: string | undefined, cause: unknown): DatabaseFault {
  const sentence =
    code === 'ENOENT'
      ? "can't be made: the folder above it is not there; make it first"
      : code === 'ENOTDIR'
        ? 'is no folder: name another'
        : code === 'EROFS'
          ? "can't be made: it is on a read-only file system; mount a volume there"
          : `can't be made (${code ?? 'unknown error'}): check the owner and the permissions of the folder above it`;
  return new DatabaseFault(code === 'ENOENT' ? 'no_folder' : 'read_only', `--data-dir ${folder} ${sentence}`, {
    cause,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
