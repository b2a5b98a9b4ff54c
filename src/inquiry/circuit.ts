import { spreadMs } from '../backoff.ts';

/** The number of failures in a row that open the circuit. */
const FAILURES = 5;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * A circuit breaker for a server that does not answer, so that callers do not wait in vain. After some failures in a
 * row it opens. Then it lets one call through after each pause; the pause doubles with every further failure.
 */
export class Circuit {
  readonly #random: () => number;
  #inARow = 0;
  /** Monotonic milliseconds; undefined while it is closed. */
  #openUntil: number | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isProbing = false;

  /** @param random from 0 up to 1, so that replicas do not all ask at once */
  constructor(random: () => number) {
    this.#random = random;
  }

  get isOpen(): boolean {
    return this.#openUntil !== undefined;
  }

  /** Milliseconds until the next one may ask. */
  pauseMs(now: number): number {
    if (this.#openUntil === undefined) return 0;
    return Math.max(FIRST_PAUSE_MS, this.#openUntil - now);
  }

  /** Like {@link pauseMs}; if it returns 0, the caller must ask now and report the result. */
  enter(now: number): number {
    if (this.#openUntil === undefined) return 0;
    if (now < this.#openUntil) return this.#openUntil - now;
    if (this.#isProbing) return FIRST_PAUSE_MS;
    this.#isProbing = true;
    return 0;
  }

  /** @returns whether this closed it */
  answered(): boolean {
    const wasOpen = this.isOpen;
    this.#inARow = 0;
    this.#openUntil = undefined;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#isProbing = false;
    return wasOpen;
  }

  /** @returns whether this opened it */
  failed(now: number): boolean {
    this.#inARow += 1;
    const wasOpen = this.isOpen;
    if (this.#openUntil !== undefined) {
      // Calls that were under way when it opened tell nothing new.
      if (!this.#isProbing) return false;
      this.#isProbing = false;
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.#pauseMs);
    } else if (this.#inARow < FAILURES) return false;
    this.#openUntil = now + spreadMs(this.#pauseMs, this.#random());
    return !wasOpen;
  }
}
