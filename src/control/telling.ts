import type { SlotArchive } from '../rollup/question.ts';
import { openControlAlerts } from './alerts.ts';
import type { ControlFlags } from './flags.ts';
import type { Notifying } from './notifying.ts';
import { openEvents } from './open-events.ts';
import type { OpenEventsPorts } from './open-events.ts';

export interface TellingPorts extends OpenEventsPorts {
  readonly archive: SlotArchive;
  /** Whether a sidecar in this process evaluates the alerts, with the secrets that stay in its files. */
  readonly isBesideSidecar: boolean;
}

/** What people are told of: events, and alerts. */
export interface Telling {
  readonly events: Notifying;
  close(): Promise<void>;
}

/** @throws UserError, DatabaseFault (rejects with them) */
export async function openTelling(flags: ControlFlags, ports: TellingPorts): Promise<Telling> {
  const events = await openEvents(flags, ports);
  const record: Notifying['record'] = (told) => events.record(told);
  const alerts = ports.isBesideSidecar ? undefined : await openControlAlerts(flags, { ...ports, record });
  return {
    events,
    async close() {
      await alerts?.close();
      await events.close();
    },
  };
}
