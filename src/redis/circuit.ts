// A store that doesn't answer costs every Check its whole time-out. After some time-outs in a row the
// circuit opens: calls fail at once, and one probe at a time finds out when the store is back. Error
// replies don't open it: they come quickly and say more than an open circuit would.

const FAILURES = 5;

export class Circuit {
  #inARow = 0;
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  answered(): void {
    this.#inARow = 0;
  }

  close(): void {
    this.#inARow = 0;
    this.#isOpen = false;
  }

  /** @returns true if this opened it */
  timedOut(): boolean {
    this.#inARow += 1;
    if (this.#isOpen || this.#inARow < FAILURES) return false;
    this.#isOpen = true;
    return true;
  }
}
