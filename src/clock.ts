/** Time enters every decision through this, so that tests need no mocks. */
export interface Clock {
  /** Wall clock in milliseconds since the Unix epoch: what `exp` and `nbf` are compared with. */
  now(): number;
  /** Monotonic milliseconds from an arbitrary start: what windows, leases and deadlines are measured with. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** The two clocks at one moment. */
export interface Moment {
  /** Monotonic milliseconds. */
  readonly mono: number;
  /** Milliseconds since the Unix epoch. */
  readonly wall: number;
}

/** Delays, so that tests can say when time has passed. */
export interface Timers {
  /** Calls back once after so many milliseconds; the result cancels it. Keeps no process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
