/**
 * What all connections of the process may hold together of something, such as octets that wait.
 *
 * It is shared out by one rule: nobody may hold more than what is left over for others. One that is alone gets half
 * of it; n that ask in turn get an n-plus-first part each. Who comes late finds less, until early ones give back: what
 * holds of a budget for long has to be ended while little is left. Asking costs two comparisons.
 */
export class Budget {
  readonly total: number;
  free: number;

  constructor(total: number) {
    this.total = this.free = total;
  }

  /** @param most what one may hold, however much is left */
  share(most = Infinity): Share {
    return new Share(this, most);
  }
}

/** What one connection holds of a budget. */
export class Share {
  held = 0;
  readonly #budget: Budget;
  readonly #most: number;

  constructor(budget: Budget, most: number) {
    this.#budget = budget;
    this.#most = most;
  }

  /** @returns false where it may not be had: nothing is taken then. */
  take(amount: number): boolean {
    const held = this.held + amount;
    const left = this.#budget.free - amount;
    if (held > left || held > this.#most) return false;
    this.held = held;
    this.#budget.free = left;
    return true;
  }

  give(amount: number): void {
    this.held -= amount;
    this.#budget.free += amount;
  }
}
