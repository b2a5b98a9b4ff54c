import { systemClock, systemTimers } from '../clock.ts';
import type { FlagValues } from '../flags.ts';
import type { OpenedHistory } from '../history/open-history.ts';
import type { Slot, SlotTaker } from '../rollup/slot.ts';
import type { controlFlags } from './control-flags.ts';
import type { historyFlags } from './history-flags.ts';
import type { Reporting } from './reporting.ts';
import type { ToOwner } from './worker-messages.ts';

type HistoryFlags = FlagValues<typeof historyFlags>;

/** Whether there is a history of requests. */
export function keepsHistory({ dataDir, analyticsDatabase }: HistoryFlags): boolean {
  return dataDir !== undefined || analyticsDatabase !== undefined;
}

/** Whether somebody takes slots: the history, or the control plane. */
export function takesSlots(flags: HistoryFlags & Pick<FlagValues<typeof controlFlags>, 'control'>): boolean {
  return keepsHistory(flags) || flags.control.length > 0;
}

/**
 * Opens the history of requests. Loads no database code if there is none.
 * @throws DatabaseFault (rejects with it) if it can't be opened
 */
export async function historyOf(
  flags: HistoryFlags,
  { metrics, log }: Pick<Reporting, 'metrics' | 'log'>,
): Promise<OpenedHistory | undefined> {
  if (!keepsHistory(flags)) return undefined;
  const { openHistory } = await import('../history/open-history.ts');
  const place = {
    dataDir: flags.dataDir,
    databaseUrl: flags.analyticsDatabase,
    maxBytes: flags.analyticsMaxSize,
  };
  return openHistory(place, {
    clock: systemClock,
    timers: systemTimers,
    registry: metrics.registry,
    tell: (level, message, detail) => log[level](message, { detail }),
  });
}

/** Sends the slots of a worker to its owner, which has the history. */
export function slotsToOwner(send: (message: ToOwner) => void): SlotTaker {
  return { take: (slot: Slot) => send({ kind: 'slot', slot }) };
}
