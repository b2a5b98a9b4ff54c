import { Completeness } from '../analytics/completeness.ts';
import type { Sharing } from '../analytics/sharing.ts';
import { drawEpoch } from '../analytics/tags.ts';
import { systemTimers } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Reporting } from './reporting.ts';

/** The accounts of this process' decisions, and with whom they are shared. */
export interface Accounting {
  readonly completeness: Completeness;
  readonly sharing: Sharing;
  close(): void;
}

/** Draws an epoch, and begins to keep account of what is decided. */
export function openAccounting({ metrics, log }: Reporting, clock: Clock, sharing: Sharing): Accounting {
  const completeness = new Completeness({
    clock,
    timers: systemTimers,
    registry: metrics.registry,
    log,
    epoch: drawEpoch(),
    sharing,
  });
  return { completeness, sharing, close: () => completeness.close() };
}
