import type { EvaluatorPorts } from '../alerts/evaluator.ts';
import type { SlotArchive } from '../rollup/question.ts';
import { alertEvents } from './alert-events.ts';
import { openControlAlerts } from './alerts.ts';
import { surroundingsOf } from './event-surroundings.ts';
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
  /** Tells people of alerts, wherever they are evaluated. */
  readonly occurred: NonNullable<EvaluatorPorts['occurred']>;
  close(): Promise<void>;
}

/** @throws UserError, DatabaseFault (rejects with them) */
export async function openTelling(flags: ControlFlags, ports: TellingPorts): Promise<Telling> {
  const events = await openEvents(flags, ports);
  const { index, log, registry } = ports;
  const occurred = alertEvents({
    surroundings: (keys) => surroundingsOf(keys, registry, index),
    record: (told) => events.record(told),
    failed: (error) => log.error('alerts are not told as events', { detail: String(error) }),
  });
  const alerts = ports.isBesideSidecar ? undefined : await openControlAlerts(flags, { ...ports, occurred });
  return {
    events,
    occurred,
    async close() {
      await alerts?.close();
      await events.close();
    },
  };
}
