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
