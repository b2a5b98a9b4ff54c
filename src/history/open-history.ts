import { join } from 'node:path';
import type { Clock, Timers } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { makePrivateFolder } from '../database/private-folder.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { Slot } from '../rollup/slot.ts';
import { createHistoryMetrics } from './history-metrics.ts';
import { History } from './history.ts';
import type { Receipt, SlotFate } from './receiving.ts';
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
  /** Also keeps the store in order, whoever writes to it. */
  readonly writer: SlotWriter;
  /** For other parts, which bring tables of their own. */
  readonly database: Database<HistoryTables>;
  /**
   * Adds slots of others at once.
   * @throws DatabaseFault (rejects with it) if none was added
   */
  receive(slots: readonly Slot[]): Promise<Receipt>;
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
  const settled = (fate: SlotFate | 'dropped'): void => {
    metrics.settled(fate);
    if (fate === 'added') metrics.written(clock.now());
  };
  const writer = new SlotWriter({
    history,
    timers,
    events: {
      settled,
      failed: (error) => tell('error', 'history not written', messageOf(error)),
      recovered: (dropped) => tell('info', 'history written again', `${dropped} slots were dropped meanwhile`),
    },
  });
  metrics.observeWaiting(() => writer.waiting);
  return {
    history,
    writer,
    database,
    async receive(slots) {
      const receipt = await history.receive(slots);
      for (const fate of receipt.fates) settled(fate);
      return receipt;
    },
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
