/** Headers that people have reason to send are shorter. */
const LONGEST_KEPT = 512;

/**
 * What was found for a text that callers choose, such as an origin. They may choose any number of them, each as long as
 * Envoy takes a header, so there is a bound to both: what is kept takes little memory, and what is not is found anew.
 */
export class FewByText<Value> {
  readonly #known = new Map<string, Value>();
  readonly #most: number;

  /** @param most values that are kept: one more makes room for itself and others */
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
