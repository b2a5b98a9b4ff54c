import { spreadMs } from '../backoff.ts';

/** So many failures in a row open it. */
const FAILURES = 5;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Keeps those who would only wait from asking somebody who does not answer: after some failures in a row it is open, and
 * lets one through after a pause that doubles with each further failure.
 */
export class Circuit {
  readonly #random: () => number;
  #inARow = 0;
  /** Monotonic milliseconds; undefined while it is closed. */
  #openUntil: number | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isProbing = false;

  /** @param random from 0 up to 1: replicas do not ask all at once */
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

  /** The same; 0: now, and whoever may, must ask and tell what came of it. */
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
      // What was under way when it opened says nothing new.
      if (!this.#isProbing) return false;
      this.#isProbing = false;
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.#pauseMs);
    } else if (this.#inARow < FAILURES) return false;
    this.#openUntil = now + spreadMs(this.#pauseMs, this.#random());
    return !wasOpen;
  }
}
