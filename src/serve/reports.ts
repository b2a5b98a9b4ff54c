import type { SampleArchive } from '../analytics/sampled-request.ts';
import { UserError } from '../errors.ts';
import type { Slot, SlotTaker } from '../rollup/slot.ts';
import type { ReportLink } from '../sync/report-link.ts';
import type { Reporting } from './reporting.ts';
import type { ServeFlags } from './serve-flags.ts';

/** Sends what is counted here to the control plane that is followed. */
export interface Reports extends SlotTaker {
  /** Leads to that control plane. */
  readonly link: ReportLink;
  /** Samples are sent from now on. */
  addSamples(samples: SampleArchive): void;
  /** Waits a little until what was counted last is acknowledged. To be called while the control plane is still followed. */
  close(): Promise<void>;
}

/** The control plane takes no more rows in one slot. */
const MOST_SERIES = 50_000;

/**
 * @returns undefined: no control plane is followed
 * @throws UserError (rejects with it) for flags that can't be used together
 */
export async function reportsOf(flags: ServeFlags, reporting: Reporting): Promise<Reports | undefined> {
  if (flags.control.length === 0) return undefined;
  if (flags.analyticsSeries > MOST_SERIES)
    throw new UserError(
      `--analytics-series ${flags.analyticsSeries} is too many with --control: a control plane takes at most ${MOST_SERIES}`,
      2,
    );
  const { openReports } = await import('./reports-to-control.ts');
  return openReports(flags, reporting);
}

/** Gives slots to both. */
export function toBoth(one: SlotTaker | undefined, other: SlotTaker | undefined): (slot: Slot) => void {
  return (slot) => {
    one?.take(slot);
    other?.take(slot);
  };
}
