/** An alert for one subject whose condition holds, or held when it was last seen. What is not there is inactive. */
export interface AlertState {
  readonly status: 'pending' | 'firing';
  /** Since when the condition holds, in milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** When the condition was last seen to hold. */
  readonly seenMs: number;
  /** The value then. */
  readonly value: number;
}

export type Transition = 'firing' | 'resolved';

export interface Step {
  /** Undefined: inactive. */
  readonly state: AlertState | undefined;
  readonly transition?: Transition;
}

export interface Observation {
  readonly holds: boolean;
  readonly value: number;
  readonly nowMs: number;
  /** How long the condition has to hold. */
  readonly forMs: number;
  /** After so long without an observation a pending alert begins anew: nobody knows what was between. */
  readonly gapMs: number;
}

/**
 * One evaluation, with the meaning that `for` has in Prometheus: the alert is pending from the first evaluation at which
 * the condition holds, and fires at the first one that is `forMs` later, if it held at each between.
 */
export function advance(state: AlertState | undefined, { holds, value, nowMs, forMs, gapMs }: Observation): Step {
  if (!holds) return state?.status === 'firing' ? { state: undefined, transition: 'resolved' } : { state: undefined };
  if (state?.status === 'firing') return { state: { ...state, seenMs: nowMs, value } };
  const isUnbroken = state !== undefined && nowMs - state.seenMs <= gapMs;
  // A clock that was set back must not hold an alert for long.
  const sinceMs = isUnbroken ? Math.min(state.sinceMs, nowMs) : nowMs;
  if (nowMs - sinceMs < forMs) return { state: { status: 'pending', sinceMs, seenMs: nowMs, value } };
  return { state: { status: 'firing', sinceMs, seenMs: nowMs, value }, transition: 'firing' };
}

/** The same after the wall clock was set by so many milliseconds: what lasted a minute has still lasted a minute. */
export function shifted(state: AlertState, byMs: number): AlertState {
  return { ...state, sinceMs: state.sinceMs + byMs, seenMs: state.seenMs + byMs };
}
