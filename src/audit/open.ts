import type { Clock, Timers } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { recordedOn } from './recorded.ts';
import { AuditStore } from './store.ts';
import type { AuditTrail } from './trail.ts';
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
  readonly trail: AuditTrail;
  /** Keeps what was counted until now; it does not close the database. */
  readonly close: () => Promise<void>;
}

/** @throws DatabaseFault (rejects with it) */
export async function openAudit<Tables>(database: Database<Tables>, ports: AuditPorts): Promise<OpenedAudit> {
  const store = await AuditStore.open(database);
  const writer = new AuditWriter({ ...ports, append: (events) => store.append(events) });
  const trail: AuditTrail = {
    record: (event) => writer.record(event),
    note: (event) => writer.note(event),
    recorded: recordedOn({ ...ports, store }),
  };
  return { store, trail, close: () => writer.close() };
}
