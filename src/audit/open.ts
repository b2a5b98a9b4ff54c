import type { Clock, Timers } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { AuditStore } from './store.ts';
import { AuditWriter } from './writer.ts';
import type { AuditObserver } from './writer.ts';

export interface AuditPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly observer?: AuditObserver;
}

export interface OpenedAudit {
  readonly store: AuditStore;
  readonly trail: AuditWriter;
  /** Keeps what was counted until now; it does not close the database. */
  readonly close: () => Promise<void>;
}

/** @throws DatabaseFault (rejects with it) */
export async function openAudit<Tables>(database: Database<Tables>, ports: AuditPorts): Promise<OpenedAudit> {
  const store = await AuditStore.open(database);
  const trail = new AuditWriter({ ...ports, append: (events) => store.append(events) });
  return { store, trail, close: () => trail.close() };
}
