/** The longest text that is cached: headers that people send are shorter. */
const LONGEST_KEPT = 512;

/**
 * A cache for results that depend on a text which callers choose, such as an origin. They may choose any number of
 * texts of any length, so both are bounded. A result that is not cached is computed again.
 */
export class FewByText<Value> {
  readonly #known = new Map<string, Value>();
  readonly #most: number;

  /** @param most the most values; adding one more removes some */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#known.size;
  }

  /** @param find its result is never undefined */
  of(text: string, find: (text: string) => Value): Value {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const found = find(text);
    if (text.length > LONGEST_KEPT) return found;
    if (this.#known.size >= this.#most) this.#known.clear();
    this.#known.set(text, found);
    return found;
  }
}
