import type { Clock } from '../clock.ts';

// A store that doesn't answer costs every Check its whole time-out. After some time-outs in a row the
// circuit opens: calls fail at once, and one probe at a time finds out when the store is back. Error
// replies don't open it: they come quickly and say more than an open circuit would.

export interface CircuitOptions {
  /** Time-outs in a row that open it. */
  readonly failures: number;
}

export class Circuit {
  readonly #clock: Clock;
  readonly #failures: number;
  #inARow = 0;
  #openedAt: number | undefined;

  constructor(clock: Clock, { failures }: CircuitOptions = { failures: 5 }) {
    this.#clock = clock;
    this.#failures = failures;
  }

  get isOpen(): boolean {
    return this.#openedAt !== undefined;
  }

  /** Milliseconds since it opened; 0 while it is closed. */
  get openMs(): number {
    return this.#openedAt === undefined ? 0 : this.#clock.monotonic() - this.#openedAt;
  }

  /** @returns true where this closed it */
  succeeded(): boolean {
    this.#inARow = 0;
    const closed = this.isOpen;
    this.#openedAt = undefined;
    return closed;
  }

  /** @returns true where this opened it */
  timedOut(): boolean {
    this.#inARow += 1;
    if (this.isOpen || this.#inARow < this.#failures) return false;
    this.#openedAt = this.#clock.monotonic();
    return true;
  }
}
