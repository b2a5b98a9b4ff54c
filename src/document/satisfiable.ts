/** A variable, counted from 1, or with a minus sign its negation. */
export type Literal = number;
/** At least one of them holds. */
export type Clause = readonly Literal[];

/** Clauses that all questions together may look at: some 100 ms, and far more than documents that people write need. */
const MOST_LOOKS = 5_000_000;

/** Clauses that all hold, and the question whether there are truth values for it (Davis, Logemann, Loveland 1962). */
export class Formula {
  readonly #clauses: readonly Clause[];
  /** The clauses with a literal, by its place. */
  readonly #places: (readonly number[] | undefined)[] = [];
  /** By variable: 1, −1, or 0 if it has no value yet. */
  readonly #values: number[] = [];
  /** Variables in the order in which they were given values. */
  readonly #trail: number[] = [];
  #looks = 0;

  constructor(clauses: readonly Clause[]) {
    this.#clauses = clauses;
    const places: number[][] = [];
    for (const [index, clause] of clauses.entries()) {
      for (const literal of clause) {
        (places[placeOf(literal)] ??= []).push(index);
      }
    }
    this.#places = places;
  }

  /** Whether all clauses can be true together with these; also true if this can't be found out in time. */
  mayHold(assumed: Clause): boolean {
    const holds = this.#clauses.every(({ length }) => length > 0) && this.#assumeAll(assumed) && this.#search(0);
    this.#undo(0);
    return holds;
  }

  #assumeAll(assumed: Clause): boolean {
    // A clause with a single literal does not follow from others.
    const given = [...assumed, ...this.#clauses.flatMap((clause) => (clause.length === 1 ? clause : []))];
    return given.every((literal) => this.#assume(literal));
  }

  /** @param from earlier clauses are already satisfied */
  #search(from: number): boolean {
    for (let at = from; at < this.#clauses.length; at++) {
      const clause = this.#clauses[at] as Clause;
      if (++this.#looks > MOST_LOOKS) return true;
      if (clause.some((literal) => this.#valueOf(literal) > 0)) continue;
      const before = this.#trail.length;
      for (const literal of clause) {
        const value = this.#valueOf(literal);
        // What was tried before has made it hold.
        if (value > 0) return this.#search(at + 1);
        if (value < 0) continue;
        if (this.#assume(literal) && this.#search(at + 1)) return true;
        this.#undo(before);
        // It can't hold here: so its negation does for all that is tried now.
        if (!this.#assume(-literal)) return false;
      }
      return false;
    }
    return true;
  }

  /** Gives a literal its truth value, with all that follows; false if that is a contradiction. */
  #assume(assumed: Literal): boolean {
    const pending = [assumed];
    for (let literal = pending.pop(); literal !== undefined; literal = pending.pop()) {
      const value = this.#valueOf(literal);
      if (value < 0) return false;
      if (value > 0) continue;
      this.#values[Math.abs(literal)] = literal > 0 ? 1 : -1;
      this.#trail.push(Math.abs(literal));
      for (const index of this.#places[placeOf(-literal)] ?? []) {
        this.#looks += 1;
        const left = this.#onlyOpen(this.#clauses[index] as Clause);
        if (left === 'none') return false;
        if (left !== undefined) pending.push(left);
      }
    }
    return true;
  }

  /** The only literal that is left; undefined if the clause is satisfied or has several left. */
  #onlyOpen(clause: Clause): Literal | undefined | 'none' {
    let open: Literal | undefined;
    for (const literal of clause) {
      const value = this.#valueOf(literal);
      if (value > 0) return undefined;
      if (value < 0) continue;
      if (open !== undefined) return undefined;
      open = literal;
    }
    return open ?? 'none';
  }

  #valueOf(literal: Literal): number {
    const value = this.#values[Math.abs(literal)] ?? 0;
    return literal > 0 ? value : -value;
  }

  #undo(length: number): void {
    while (this.#trail.length > length) this.#values[this.#trail.pop() as number] = 0;
  }
}

function placeOf(literal: Literal): number {
  return literal > 0 ? 2 * literal : 1 - 2 * literal;
}
