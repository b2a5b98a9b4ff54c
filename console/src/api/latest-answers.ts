/** Answers that were shown lately, by what was asked: whoever goes back sees them at once. The oldest go first. */
export class LatestAnswers {
  readonly #most: number;
  readonly #answers = new Map<string, unknown>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns undefined: there is none */
  get(key: string): unknown {
    return this.#answers.get(key);
  }

  keep(key: string, answer: unknown): void {
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > this.#most && oldest !== undefined) this.#answers.delete(oldest);
  }

  clear(): void {
    this.#answers.clear();
  }
}
