/**
 * Units of work that a connection does before it is the turn of others. A frame costs one unit, and one more for each
 * KiB in it: a Check of 1.8 kB costs three. That is half a millisecond of decisions; a connection that has sent no more
 * at once never waits.
 */
const UNITS_AT_ONCE = 256;

export function unitsOf(frameBytes: number): number {
  return 1 + (frameBytes >> 10);
}

/** The units that a connection has left in this turn of the event loop. Below zero: the rest waits for a later turn. */
export class TurnWork {
  left = UNITS_AT_ONCE;

  refill(): void {
    this.left = UNITS_AT_ONCE;
  }
}

/**
 * Connections that have sent more work than they get at once. Each turn of the event loop continues the next one, and
 * in between all other sockets are read. Otherwise a peer that sends without end would be read and served without end:
 * libuv reads a socket up to 32 times in a row.
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
