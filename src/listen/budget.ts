/**
 * A budget of all connections of the process, such as one of waiting octets.
 *
 * One rule shares it: no connection may hold more than what is left over for others. A single connection gets half of
 * it; of n connections that ask in turn, each gets one part of n + 1. Later ones get less until earlier ones give back,
 * so connections that hold a part for long must be ended while little is left. A request costs two comparisons.
 */
export class Budget {
  readonly total: number;
  free: number;

  constructor(total: number) {
    this.total = this.free = total;
  }

  /** @param most the maximum of one connection, however much is left */
  share(most = Infinity): Share {
    return new Share(this, most);
  }
}

/** The part of a budget that one connection holds. */
export class Share {
  held = 0;
  readonly #budget: Budget;
  readonly #most: number;

  constructor(budget: Budget, most: number) {
    this.#budget = budget;
    this.#most = most;
  }

  /** @returns false if it is not available: then nothing is taken. */
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
