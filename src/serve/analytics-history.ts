import { systemClock, systemTimers } from '../clock.ts';
import type { FlagValues } from '../flags.ts';
import type { OpenedHistory } from '../history/open-history.ts';
import type { Slot, SlotTaker } from '../rollup/slot.ts';
import type { historyFlags } from './history-flags.ts';
import type { Reporting } from './reporting.ts';
import type { ToOwner } from './worker-messages.ts';

type HistoryFlags = FlagValues<typeof historyFlags>;

/** Whether what was counted is kept. */
export function keepsHistory({ dataDir, analyticsDatabase }: HistoryFlags): boolean {
  return dataDir !== undefined || analyticsDatabase !== undefined;
}

/**
 * The store of what was counted of requests. Loads nothing of databases where none is kept.
 * @throws DatabaseFault where it can't be opened
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

/** In a worker: its owner has the store. */
export function slotsToOwner(send: (message: ToOwner) => void): SlotTaker {
  return { take: (slot: Slot) => send({ kind: 'slot', slot }) };
}
