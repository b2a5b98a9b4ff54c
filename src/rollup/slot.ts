/**
 * The dimensions by which requests are counted, in the order of {@link SlotRow.key}. A missing value is an empty
 * text.
 */
export const DIMENSIONS = [
  'api',
  /** A template, or the base path: never a raw path. */
  'route',
  /** The name of the client application. */
  'client',
  'contract',
  'tier',
  'method',
  /** Exact, as text; `0` if the request ended before any answer. */
  'status',
  /** `processed`, `blocked`, `answered`, `unchecked`, `check_error`, `rejected_by_envoy`, or `unreported`. */
  'outcome',
  'policy',
  'reason',
  /** The caller's workload: a SPIFFE id. */
  'source',
  /** Envoy's name of the upstream's cluster. */
  'service',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Replaces a value when a bound is exceeded. */
export const FOLDED = '_other';

/** The sums for one key. Rows of the same key are merged by addition. Any value may be negative in a correction. */
export interface Measures {
  /** Requests. */
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The number of requests with a known duration, and the sum of these durations. */
  readonly durationCount: number;
  readonly durationMs: number;
  /** The sum of the times that ostiary took to decide. */
  readonly policyMs: number;
  /**
   * A histogram of the durations: pairs of a bucket's number and its count, in ascending order. The bucket of a
   * duration `d` in milliseconds is that of OpenTelemetry's exponential histogram at scale 3: `ceil(log2(d) * 8) -
   * 1`, at least -80 and at most 200.
   */
  readonly durations: readonly number[];
}

export interface SlotRow extends Measures {
  /** A value for each of {@link DIMENSIONS}, in their order. */
  readonly key: readonly string[];
}

/** How complete a slot is. The numbers are sums, like the measures. */
export interface SlotCompleteness {
  /** Checks that the process decided in this slot. */
  readonly decided: number;
  /** The number of those whose log entry has arrived. */
  readonly reported: number;
  /** The number of those whose log entry did not arrive in time. They are also rows with the outcome `unreported`. */
  readonly unreported: number;
  /** The number of those whose state is unknown, because entries go to a process that shares nothing with this one. */
  readonly unknown: number;
}

/**
 * What one process counted in one span of time. Slots are additive: several may have the same `startMs`, and a later
 * one corrects an earlier one. `(node, epoch, sequence)` identifies a slot, so that it is added exactly once.
 */
export interface Slot {
  /** The name of the process: of its host, or the value of `--node-id`. */
  readonly node: string;
  /** Random for each start of the process: 8 hexadecimal digits. */
  readonly epoch: string;
  /** 1, 2, 3, … within the epoch. */
  readonly sequence: number;
  /** Milliseconds since the Unix epoch; a multiple of `periodMs`. */
  readonly startMs: number;
  readonly periodMs: number;
  readonly rows: readonly SlotRow[];
  readonly completeness: SlotCompleteness;
  /** The number of requests whose key was folded into {@link FOLDED}, because the bound on series was reached. */
  readonly folded: number;
}

/** Receives slots, in their order. Must return at once, and never throws. */
export interface SlotTaker {
  take(slot: Slot): void;
}
