const WORD = /[\p{L}\p{N}]{2,40}/gu;
/** Of one text: a specification has some hundreds, and one that was made to have more is not found by all of them. */
const MOST_WORDS = 8000;
/** Of all texts together. */
const MOST_KNOWN = 1_000_000;

/** Which of many texts have a word, or one that begins so. Texts themselves are not kept. */
export class SpecificationWords {
  readonly #numbers = new Map<string, number>();
  /** By key: the numbers of its words. */
  readonly #texts = new Map<string, Uint32Array>();

  get size(): number {
    return this.#texts.size;
  }

  has(key: string): boolean {
    return this.#texts.has(key);
  }

  set(key: string, text: string): void {
    const found = new Set<number>();
    for (const [word] of text.toLowerCase().matchAll(WORD)) {
      let number = this.#numbers.get(word);
      if (number === undefined) {
        if (this.#numbers.size >= MOST_KNOWN) continue;
        number = this.#numbers.size;
        this.#numbers.set(word, number);
      }
      found.add(number);
      if (found.size >= MOST_WORDS) break;
    }
    this.#texts.set(key, Uint32Array.from(found));
  }

  delete(key: string): void {
    this.#texts.delete(key);
  }

  keys(): readonly string[] {
    return [...this.#texts.keys()];
  }

  /**
   * @param begin in lower case: of what is between its letters and digits, each has to begin a word of the text
   * @returns whether the text of a key has it; undefined: no text has it
   */
  beginning(begin: string): ((key: string) => boolean) | undefined {
    const parts = begin.match(WORD);
    if (parts === null) return undefined;
    const marked = parts.map((part) => this.#marksOf(part));
    if (marked.includes(undefined)) return undefined;
    return (key) => {
      const numbers = this.#texts.get(key);
      return numbers !== undefined && marked.every((marks) => marks !== undefined && hasAny(numbers, marks));
    };
  }

  #marksOf(begin: string): Uint8Array | undefined {
    const marks = new Uint8Array(this.#numbers.size);
    let isAny = false;
    for (const [word, number] of this.#numbers) {
      if (!word.startsWith(begin)) continue;
      marks[number] = 1;
      isAny = true;
    }
    return isAny ? marks : undefined;
  }
}

function hasAny(numbers: Uint32Array, marks: Uint8Array): boolean {
  for (const number of numbers) if (marks[number] === 1) return true;
  return false;
}
