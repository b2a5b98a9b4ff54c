import type { Dimension, Measures, SlotCompleteness } from './slot.ts';

/** What is asked of slots: whoever keeps them answers. */
export interface Question {
  /** Milliseconds since the Unix epoch: slots that begin here or later, and before `untilMs`. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Rows count that meet all of them. */
  readonly where: readonly Condition[];
  /** One row for each combination of their values that occurred. None: one row. */
  readonly by: readonly Dimension[];
  /** A row of its own for each span of so long, which begin at multiples of it; absent: one for the whole time. */
  readonly stepMs?: number;
  /** By what combinations are ranked, the highest first; equal ones by their values. */
  readonly order: Order;
  /** The most combinations: the highest ones. The total still counts all. */
  readonly most: number;
}

export interface Condition {
  readonly dimension: Dimension;
  /** A row meets it if it has any of them. An empty text is no value. */
  readonly values: readonly string[];
  /** It meets the condition if it has none of them instead. */
  readonly isExcluded: boolean;
}

/** `bytes` are those of requests and answers; `duration` is the mean one. */
export const ORDERS = ['count', 'errors', 'denials', 'duration', 'bytes'] as const;
export type Order = (typeof ORDERS)[number];

/** What is added up for one combination of values. */
export interface Counted extends Measures {
  /** Requests with a status of 500 or more, whoever gave it. */
  readonly errors: number;
  /** Requests that a policy refused: outcome `blocked`. */
  readonly denials: number;
}

export interface AnswerRow extends Counted {
  /** In the order of `by`. */
  readonly values: readonly string[];
  /** Where its span begins, in milliseconds since the Unix epoch, if the question has a step. */
  readonly startMs?: number;
}

export interface Answer {
  /** What was answered for: the question's time, cut where nothing is kept, and to whole periods of what is kept. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** How fine the time is: of several periods, the longest. */
  readonly periodMs: number;
  /** By rank; the spans of one combination in the order of time. Combinations in which nothing is left are absent. */
  readonly rows: readonly AnswerRow[];
  /** Of everything that meets the conditions. */
  readonly total: Counted;
  /** How many combinations there are, with those that `most` leaves out. */
  readonly combinations: number;
  /** Of the same time, whatever the conditions are. */
  readonly completeness: SlotCompleteness;
  /** Requests of that time whose key was folded. */
  readonly folded: number;
}

/** Answers questions about slots that it has taken. */
export interface SlotArchive {
  /** @throws (rejects) where what is kept can't be read just now */
  ask(question: Question): Promise<Answer>;
}
