/**
 * Units of work that a connection does before others come. A frame is one, and one more for each KiB in it: a Check of
 * 1.8 kB is three. That is half a millisecond of decisions; whoever has sent no more at once never waits.
 */
const UNITS_AT_ONCE = 256;

export function unitsOf(frameBytes: number): number {
  return 1 + (frameBytes >> 10);
}

/** What is left of a connection's work for this turn of the event loop. Below zero: the rest waits for a turn of its own. */
export class TurnWork {
  left = UNITS_AT_ONCE;

  refill(): void {
    this.left = UNITS_AT_ONCE;
  }
}

/**
 * Connections that have sent more than they may have done at once: each turn of the event loop the next of them goes
 * on, and in between everybody else's socket is read. Otherwise whoever sends without end is read and served without
 * end: libuv reads a socket up to 32 times in a row.
 */
export class FairTurns {
  readonly #waiting: (() => void)[] = [];

  /** @param goOn is called once, in a turn of its own, and never throws */
  wait(goOn: () => void): void {
    if (this.#waiting.push(goOn) === 1) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    const goOn = this.#waiting[0]!;
    goOn();
    this.#waiting.shift();
    if (this.#waiting.length > 0) setImmediate(this.#next);
  };
}
