import type { Clock } from '../clock.ts';

/** If the clocks differ by more than this, which rounding to milliseconds can't explain, the wall clock was set. */
const JUMP_MS = 2;

/**
 * Converts monotonic times to times of the wall clock, more precisely than the wall clock's whole milliseconds.
 * Otherwise the span of a child could begin before its parent's.
 */
export class WallTime {
  readonly #clock: Clock;
  #offsetMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Compares the clocks. Readings are rounded down to milliseconds, so the highest difference is the most precise. */
  look(): void {
    const offsetMs = this.#clock.now() - this.#clock.monotonic();
    if (offsetMs > this.#offsetMs || offsetMs < this.#offsetMs - JUMP_MS) this.#offsetMs = offsetMs;
  }

  /** Milliseconds since the Unix epoch. */
  of(monotonicMs: number): number {
    return this.#offsetMs + monotonicMs;
  }
}
