import type { Dimension } from '../rollup/slot.ts';

/** A text in keys, and its number. 0 is the empty text. */
export interface TextTable {
  readonly id: number;
  readonly text: string;
  /** The day, counted from the Unix epoch, to which rows that need it may belong at most. */
  readonly used: number;
}

/** A key, as the numbers of its texts. A dimension that the view does not have is 0. */
export type SeriesTable = Readonly<Record<Dimension, number>> & {
  readonly id: number;
  /** 0: the whole key; otherwise 1 + the index of the view in VIEWS. */
  readonly view: number;
  /** As that of a text, which is of this day or a later one. */
  readonly used: number;
};

/** Sums. They are integers, so that they are exact. */
export interface SumColumns {
  readonly count: number;
  /** The number of requests with a status of 500 or more. */
  readonly errors: number;
  /** The number of requests with the outcome `blocked`. */
  readonly denials: number;
  readonly request_bytes: number;
  readonly response_bytes: number;
  readonly duration_count: number;
  readonly duration_us: number;
  readonly policy_us: number;
}

/** `requests_…`: the sums of a series in one period. The number of the period is `chunk * chunkPeriods + at`. */
export interface RequestsTable extends SumColumns {
  readonly chunk: number;
  readonly series: number;
  readonly at: number;
  /** A histogram: see `durations.ts`. */
  readonly durations: Uint8Array;
}

/** The completeness of all processes together. */
export interface CompletenessTable {
  readonly level: number;
  readonly period: number;
  readonly slots: number;
  readonly decided: number;
  readonly reported: number;
  readonly unreported: number;
  readonly unknown: number;
  readonly folded: number;
}

export interface LevelTable {
  readonly level: number;
  /**
   * Rows before this time were deleted, in seconds since the Unix epoch. Late slots of that time are added to the
   * next level.
   */
  readonly pruned_s: number;
}

/** Periods of a level that must be computed anew from the level before it. */
export interface DueTable {
  readonly level: number;
  readonly period: number;
  /** What there is of the period says what the level before it says up to here, in seconds; 0: there is nothing that does. */
  readonly through_s: number;
}

/** What has been received from one process. */
export interface SenderTable {
  readonly node: string;
  readonly epoch: string;
  /** All sequences up to here were received, or are given up. */
  readonly through: number;
  /** The latest start of its slots, in seconds. */
  readonly latest_s: number;
}

/** A sequence that was received beyond `through`. */
export interface ReceiptTable {
  readonly node: string;
  readonly epoch: string;
  readonly sequence: number;
}

export interface HistoryTables {
  readonly [requests: `requests_${string}`]: RequestsTable;
  readonly history_text: TextTable;
  readonly history_series: SeriesTable;
  readonly history_completeness: CompletenessTable;
  readonly history_level: LevelTable;
  readonly history_due: DueTable;
  readonly history_sender: SenderTable;
  readonly history_receipt: ReceiptTable;
}

export const SUMS = [
  'count',
  'errors',
  'denials',
  'request_bytes',
  'response_bytes',
  'duration_count',
  'duration_us',
  'policy_us',
] as const satisfies readonly (keyof SumColumns)[];

export const COMPLETENESS = [
  'slots',
  'decided',
  'reported',
  'unreported',
  'unknown',
  'folded',
] as const satisfies readonly (keyof CompletenessTable)[];
