import type { Dimension } from '../rollup/slot.ts';

/** A text that stands in keys, by its number. 0 is the empty text. */
export interface TextTable {
  readonly id: number;
  readonly text: string;
}

/** A key: the numbers of its texts. A dimension that a view does not have is 0. */
export type SeriesTable = Readonly<Record<Dimension, number>> & {
  readonly id: number;
  /** 0: the whole key; else 1 + the place of the view in VIEWS. */
  readonly view: number;
};

/** What is added up. Whole numbers, so that sums are exact. */
export interface SumColumns {
  readonly count: number;
  /** Of `count`: with a status of 500 or more. */
  readonly errors: number;
  /** Of `count`: with the outcome `blocked`. */
  readonly denials: number;
  readonly request_bytes: number;
  readonly response_bytes: number;
  readonly duration_count: number;
  readonly duration_us: number;
  readonly policy_us: number;
}

/** `requests_…`: sums of a series in one period. The period's number is `chunk * chunkPeriods + at`. */
export interface RequestsTable extends SumColumns {
  readonly chunk: number;
  readonly series: number;
  readonly at: number;
  /** A histogram: `durations.ts`. */
  readonly durations: Uint8Array;
}

/** Of all processes together. */
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
  /** Rows before it were deleted, in seconds since the Unix epoch: what comes late for that time is added to the next level. */
  readonly pruned_s: number;
}

/** Periods of a level that are not what the level before it says, and are to be added up from it. */
export interface DueTable {
  readonly level: number;
  readonly period: number;
}

/** What has come of one process. */
export interface SenderTable {
  readonly node: string;
  readonly epoch: string;
  /** All up to here have come, or are given up. */
  readonly through: number;
  /** The latest start of its slots, in seconds. */
  readonly latest_s: number;
}

/** Beyond `through`. */
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
