import type { SlotCompleteness } from '../rollup/slot.ts';

/** Decisions of one key whose entries have not come; below zero: some have come after all. */
export interface Unreported {
  readonly api: string;
  /** The name of the client application. */
  readonly client: string;
  readonly contract: string;
  readonly tier: string;
  /** Of a denial or an answer. */
  readonly policy: string;
  readonly reason: string;
  readonly count: number;
}

/**
 * What has become known of the decisions that were taken in one span of time: amounts to be added to what was told of it
 * before. Any may be negative. A late one corrects an earlier one.
 */
export interface CompletenessPart extends SlotCompleteness {
  /** When the span began: milliseconds since the Unix epoch, a multiple of the span's length. */
  readonly startMs: number;
  readonly rows: readonly Unreported[];
}
