/** By what requests are counted, in the order of {@link SlotRow.key}. Absent values are empty texts. */
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

/** What takes the place of a value beyond the bounds. */
export const FOLDED = '_other';

/** What is added up for one key. All are sums, so that rows of one key merge by adding. Any may be negative in a correction. */
export interface Measures {
  /** Requests. */
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Of those that have a duration, how many there are and their sum. */
  readonly durationCount: number;
  readonly durationMs: number;
  /** What ostiary took to decide, summed. */
  readonly policyMs: number;
  /**
   * How long the requests took: pairs of a bucket's number and how many are in it, in ascending order. The bucket of a
   * duration `d` in milliseconds is that of OpenTelemetry's exponential histogram at scale 3: `ceil(log2(d) * 8) - 1`,
   * at least -80 and at most 200.
   */
  readonly durations: readonly number[];
}

export interface SlotRow extends Measures {
  /** A value for each of {@link DIMENSIONS}, in their order. */
  readonly key: readonly string[];
}

/** What a slot says of how complete it is. Sums, as the measures are. */
export interface SlotCompleteness {
  /** Checks decided in this slot by the process. */
  readonly decided: number;
  /** Of those: their entry has come. */
  readonly reported: number;
  /** Of those: their entry has not come in time. They are rows with outcome `unreported` too. */
  readonly unreported: number;
  /** Of those: nobody can say, since entries go where nothing is shared with this process. */
  readonly unknown: number;
}

/**
 * What one process counted in one span of time. Slots are additive: several may have the same `startMs`, and a later one
 * corrects an earlier one. `(node, epoch, sequence)` tells each apart, so that it is added exactly once.
 */
export interface Slot {
  /** Whose: the name of the process' host, or as `--node-id` says. */
  readonly node: string;
  /** Drawn when the process started: 8 hexadecimal digits. */
  readonly epoch: string;
  /** 1, 2, 3, … within the epoch. */
  readonly sequence: number;
  /** Milliseconds since the Unix epoch; a multiple of `periodMs`. */
  readonly startMs: number;
  readonly periodMs: number;
  readonly rows: readonly SlotRow[];
  readonly completeness: SlotCompleteness;
  /** Requests whose key was folded into {@link FOLDED} since the bound on series was reached. */
  readonly folded: number;
}

/** Takes slots, in their order. Must return at once, and never throws. */
export interface SlotTaker {
  take(slot: Slot): void;
}
