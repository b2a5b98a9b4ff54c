import type { SlotCompleteness } from '../rollup/slot.ts';

/** Decisions of one key that were not reported. Below zero: some were reported after all. */
export interface Unreported {
  readonly api: string;
  /** The name of the client application. */
  readonly client: string;
  readonly contract: string;
  readonly tier: string;
  /** The policy that denied or answered. */
  readonly policy: string;
  readonly reason: string;
  readonly count: number;
}

/**
 * News about the decisions that were taken in one span of time: amounts to add to earlier parts of the same span. Any
 * may be negative, since a later part corrects an earlier one.
 */
export interface CompletenessPart extends SlotCompleteness {
  /** The beginning of the span: milliseconds since the Unix epoch, a multiple of the span's length. */
  readonly startMs: number;
  readonly rows: readonly Unreported[];
}
