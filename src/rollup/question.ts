import type { Dimension, Measures, SlotCompleteness } from './slot.ts';

/** A question about slots. A {@link SlotArchive} answers it. */
export interface Question {
  /** Milliseconds since the Unix epoch: slots that begin here or later, and before `untilMs`. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Only rows that meet all of these conditions count. */
  readonly where: readonly Condition[];
  /** One row for each combination of values of these dimensions that occurred. Empty: one row. */
  readonly by: readonly Dimension[];
  /**
   * Splits the time into steps of this length, each with its own rows. Steps begin at multiples of it. Absent: one
   * step for the whole time.
   */
  readonly stepMs?: number;
  /** How combinations are ranked, the highest first; equal ones by their values. */
  readonly order: Order;
  /** The most combinations, the highest ones. The total still counts all. */
  readonly most: number;
}

export interface Condition {
  readonly dimension: Dimension;
  /** A row meets the condition if it has one of these values. An empty text means that there is no value. */
  readonly values: readonly string[];
  /** A row meets the condition if it has none of the values instead. */
  readonly isExcluded: boolean;
  /** A row that meets this one instead meets the condition too. */
  readonly or?: Condition;
}

/** `bytes`: of requests and answers together. `duration`: the mean. */
export const ORDERS = ['count', 'errors', 'denials', 'duration', 'bytes'] as const;
export type Order = (typeof ORDERS)[number];

/** The sums for one combination of values. */
export interface Counted extends Measures {
  /** Requests with a status of 500 or more, from the upstream or from Envoy. */
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
  /** The time that the answer covers: the question's time, limited to what is kept, and rounded to whole periods. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** The length of the stored periods. If they differ, the longest. */
  readonly periodMs: number;
  /** By rank; the steps of one combination in the order of time. Combinations that add up to nothing are absent. */
  readonly rows: readonly AnswerRow[];
  /** The sums of everything that meets the conditions. */
  readonly total: Counted;
  /** The number of combinations, including those beyond `most`. */
  readonly combinations: number;
  /** For the same time, whatever the conditions. */
  readonly completeness: SlotCompleteness;
  /** The number of requests of that time whose key was folded. */
  readonly folded: number;
  /** If the question has a step: the spans of which there is a slot, in the order of time. */
  readonly spans?: readonly KnownSpan[];
}

/** How complete a step is, whatever the conditions. */
export interface KnownSpan extends SlotCompleteness {
  readonly startMs: number;
}

/** Answers questions about the slots that it has received. */
export interface SlotArchive {
  /** @throws (rejects) if the storage can't be read now */
  ask(question: Question): Promise<Answer>;
}
