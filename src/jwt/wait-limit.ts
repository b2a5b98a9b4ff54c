/** The caller, who may stop waiting. The signal is read late, because a transport creates it on first use. */
export interface Caller {
  readonly signal: AbortSignal;
}

/** How long the caller waits. */
export interface WaitLimit {
  /** Monotonic milliseconds; Infinity: there is no deadline. */
  readonly deadline: number;
  /** May leave earlier. */
  readonly caller?: Caller | undefined;
}

/**
 * The answer must reach Envoy before the deadline, so some time is reserved for it. Requests that wait for the same
 * server would all stop waiting at the same moment. So each reserves a share of its time, and if hundreds wait, each
 * reserves a little more than the one before.
 */
const MIN_ANSWER_MS = 20;
const ANSWER_SHARE = 0.25;
const ANSWER_MS_A_WAITER = 0.5;

/**
 * Returns how long a request may wait for another server: 0 or less if there is no time.
 * @param leftMs the time to the deadline; may be Infinity
 * @param waiting the number of requests that wait already
 */
export function waitMs(leftMs: number, waiting: number): number {
  if (leftMs === Infinity) return Infinity;
  return leftMs - Math.max(MIN_ANSWER_MS, leftMs * ANSWER_SHARE, waiting * ANSWER_MS_A_WAITER);
}
