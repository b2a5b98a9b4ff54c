import type { Clock } from '../clock.ts';

/** The wall clock has moved against the monotonic one by more than reading it in milliseconds explains. */
const JUMP_MS = 2;

/**
 * What the wall clock showed at a monotonic moment, finer than the whole milliseconds in which it is read: a child's span
 * would else begin before its parent's.
 */
export class WallTime {
  readonly #clock: Clock;
  #offsetMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Compares the clocks. A reading is cut to milliseconds, so of several the highest is nearest to the truth. */
  look(): void {
    const offsetMs = this.#clock.now() - this.#clock.monotonic();
    if (offsetMs > this.#offsetMs || offsetMs < this.#offsetMs - JUMP_MS) this.#offsetMs = offsetMs;
  }

  /** Milliseconds since the Unix epoch. */
  of(monotonicMs: number): number {
    return this.#offsetMs + monotonicMs;
  }
}
