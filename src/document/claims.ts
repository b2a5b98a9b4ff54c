/**
 * Which claimant holds which key. A key belongs to the first who claimed it, until the claimant releases it; the others
 * wait in order, and are reported as contesting.
 */
export class Claims<Claimant> {
  readonly #holders = new Map<string, Claimant>();
  /** Few: those who claimed a key that had a holder. */
  readonly #waiting = new Map<string, Claimant[]>();

  holder(key: string): Claimant | undefined {
    return this.#holders.get(key);
  }

  claim(key: string, claimant: Claimant): void {
    if (!this.#holders.has(key)) {
      this.#holders.set(key, claimant);
      return;
    }
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, [claimant]);
    else waiting.push(claimant);
  }

  release(key: string, claimant: Claimant): void {
    const waiting = (this.#waiting.get(key) ?? []).filter((other) => other !== claimant);
    if (this.#holders.get(key) === claimant) {
      const next = waiting.shift();
      if (next === undefined) this.#holders.delete(key);
      else this.#holders.set(key, next);
    }
    if (waiting.length > 0) this.#waiting.set(key, waiting);
    else this.#waiting.delete(key);
  }

  /** Each claimant that does not hold its key, and who does. */
  *contested(): Iterable<{ readonly key: string; readonly claimant: Claimant; readonly holder: Claimant }> {
    for (const [key, waiting] of this.#waiting) {
      const holder = this.#holders.get(key);
      if (holder !== undefined) for (const claimant of waiting) yield { key, claimant, holder };
    }
  }
}
