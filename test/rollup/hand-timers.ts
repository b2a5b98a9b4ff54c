import type { Timers } from '../../src/clock.ts';

/** A clock and timers that stand until they are moved. */
export class HandTime {
  readonly #waiting = new Set<{ readonly at: number; readonly callback: () => void }>();
  /** Time passes evenly here, whatever the clock is set to. */
  #passedMs = 0;
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  readonly clock = { now: (): number => this.#now };

  readonly timers: Timers = {
    after: (delayMs, callback) => {
      const waiting = { at: this.#passedMs + delayMs, callback };
      this.#waiting.add(waiting);
      return () => this.#waiting.delete(waiting);
    },
  };

  /** The clock is set, and no time passes. */
  set(now: number): void {
    this.#now = now;
  }

  pass(ms: number): void {
    const end = this.#passedMs + ms;
    for (;;) {
      const [next] = [...this.#waiting].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#waiting.delete(next);
      this.#moveTo(next.at);
      next.callback();
    }
    this.#moveTo(end);
  }

  #moveTo(passedMs: number): void {
    this.#now += passedMs - this.#passedMs;
    this.#passedMs = passedMs;
  }
}
