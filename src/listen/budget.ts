const RESERVED_PART = 8;

/**
 * A budget of all connections of the process, such as one of waiting octets.
 *
 * One rule shares it: no connection may hold more than what is left over for others. A single connection gets half of
 * it; of n connections that ask in turn, each gets one part of n + 1. Later ones get less until earlier ones give back,
 * so connections that hold a part for long must be ended while little is left. A request costs two comparisons.
 *
 * Until they are, connections that need little must still get it: an eighth is left for those that hold no more than
 * `small`. However much the others ask for, they get none of it.
 */
export class Budget {
  readonly total: number;
  free: number;
  /** What a connection may hold of the part that is left for those that need little; 0: no part is. */
  readonly small: number;
  readonly reserve: number;

  constructor(total: number, small = 0) {
    this.total = this.free = total;
    this.small = small;
    this.reserve = small === 0 ? 0 : Math.floor(total / RESERVED_PART);
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
    if (held > this.#most || !this.#mayHold(held, left)) return false;
    this.held = held;
    this.#budget.free = left;
    return true;
  }

  #mayHold(held: number, left: number): boolean {
    const { small, reserve } = this.#budget;
    return held <= small ? left >= 0 : held <= left - reserve;
  }

  give(amount: number): void {
    this.held -= amount;
    this.#budget.free += amount;
  }
}
