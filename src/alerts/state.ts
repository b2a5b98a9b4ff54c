/**
 * An alert for one subject whose condition holds, or held when it was last evaluated. Without a state it is inactive.
 */
export interface AlertState {
  readonly status: 'pending' | 'firing';
  /** Since when the condition holds, in milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  /** When the condition was last seen to hold. */
  readonly seenMs: number;
  /** The value at that time. */
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
  /** How long the condition must hold. */
  readonly forMs: number;
  /** After this time without an evaluation, a pending alert starts again, because nothing is known of that time. */
  readonly gapMs: number;
}

/**
 * Evaluates once, with the meaning of `for` in Prometheus: the alert is pending from the first evaluation at which
 * the condition holds, and fires at the first one at least `forMs` later, if it held at each in between.
 */
export function advance(state: AlertState | undefined, { holds, value, nowMs, forMs, gapMs }: Observation): Step {
  if (!holds) return state?.status === 'firing' ? { state: undefined, transition: 'resolved' } : { state: undefined };
  if (state?.status === 'firing') return { state: { ...state, seenMs: nowMs, value } };
  const isUnbroken = state !== undefined && nowMs - state.seenMs <= gapMs;
  // If the clock was set back, the alert must not be delayed for long.
  const sinceMs = isUnbroken ? Math.min(state.sinceMs, nowMs) : nowMs;
  if (nowMs - sinceMs < forMs) return { state: { status: 'pending', sinceMs, seenMs: nowMs, value } };
  return { state: { status: 'firing', sinceMs, seenMs: nowMs, value }, transition: 'firing' };
}

/** The state after the wall clock was set by so many milliseconds: durations stay the same. */
export function shifted(state: AlertState, byMs: number): AlertState {
  return { ...state, sinceMs: state.sinceMs + byMs, seenMs: state.seenMs + byMs };
}
