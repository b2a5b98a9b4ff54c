/**
 * Units of work that a connection does before it is the turn of others. A frame costs one unit, and one more for each
 * KiB in it: a Check of 1.8 kB costs three. That is half a millisecond of decisions; a connection that has sent no more
 * at once never waits.
 */
const UNITS_AT_ONCE = 256;

/** After this time, the work of a connection counts half. */
const HALF_LIFE_MS = 500;

export function unitsOf(frameBytes: number): number {
  return 1 + (frameBytes >> 10);
}

/** The units that a connection has left in this turn of the event loop. Below zero: the rest waits for a later turn. */
export class TurnWork {
  left = UNITS_AT_ONCE;
  /**
   * Grows with the units done lately, of which those of {@link HALF_LIFE_MS} ago count half: their logarithm, so shifted
   * that two ranks compare alike at any time.
   */
  rank = -Infinity;

  refill(): void {
    this.left = UNITS_AT_ONCE;
  }

  did(units: number, nowMs: number): void {
    const halvings = nowMs / HALF_LIFE_MS;
    this.rank = halvings + Math.log2(2 ** (this.rank - halvings) + units);
  }
}

/** Units that all connections together do in one turn before the rest is put off: some three milliseconds. */
const UNITS_OF_TURN = 1536;
/** Units of what was put off that follow in each turn, once all sockets were read. */
const UNITS_PUT_OFF = 256;

interface Waiting {
  readonly work: TurnWork;
  readonly goOn: () => void;
}

/**
 * Divides each turn of the event loop between connections. One that has sent more than it gets at once waits, and so
 * does all that comes when the turn has no time left; those who did the least lately go on first, so that a caller who
 * asks little is answered soon, however many others send however much. Otherwise a peer that sends without end would be
 * read and served without end: libuv reads a socket up to 32 times in a row.
 */
export class FairTurns {
  readonly #waiting: Waiting[] = [];
  #spent = 0;
  #isTurnCounted = false;

  /** Whether there is time left in this turn. */
  get isOpen(): boolean {
    return this.#spent < UNITS_OF_TURN;
  }

  spend(units: number): void {
    this.#spent += units;
    // A turn's end costs something to hear of: where little is done several turns count as one.
    if (this.#spent > UNITS_OF_TURN / 2) this.#hearOfEnd();
  }

  /** @param goOn is called once, in this turn when all sockets were read or in a later one, and never throws */
  wait(work: TurnWork, goOn: () => void): void {
    this.#waiting.push({ work, goOn });
    this.#hearOfEnd();
  }

  #hearOfEnd(): void {
    if (this.#isTurnCounted) return;
    this.#isTurnCounted = true;
    setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#spent = 0;
    while (this.#waiting.length > 0 && this.#spent < UNITS_PUT_OFF) this.#takeLightest().goOn();
    this.#spent = 0;
    this.#isTurnCounted = false;
    if (this.#waiting.length > 0) this.#hearOfEnd();
  };

  #takeLightest(): Waiting {
    let lightest = 0;
    for (let i = 1; i < this.#waiting.length; i++) {
      if (this.#waiting[i]!.work.rank < this.#waiting[lightest]!.work.rank) lightest = i;
    }
    return this.#waiting.splice(lightest, 1)[0]!;
  }
}
