const WORD = /[\p{L}\p{N}]{2,40}/gu;
/** Of one text: a specification has some hundreds, and one that was made to have more is not found by all of them. */
const MOST_WORDS = 8000;
/** Of all texts together. */
const MOST_KNOWN = 1_000_000;

/** Which of many texts have a word, or one that begins so. Texts themselves are not kept. */
export class SpecificationWords {
  readonly #numbers = new Map<string, number>();
  /** By number: how many texts have the word; 0: the number is free. */
  readonly #uses: number[] = [];
  /** By number. */
  readonly #words: string[] = [];
  readonly #free: number[] = [];
  /** By key: the numbers of its words. */
  readonly #texts = new Map<string, Uint32Array>();

  get size(): number {
    return this.#texts.size;
  }

  has(key: string): boolean {
    return this.#texts.has(key);
  }

  set(key: string, text: string): void {
    // First: what a text no longer says leaves room for what it says now.
    this.delete(key);
    const found = new Set<number>();
    for (const [word] of text.toLowerCase().matchAll(WORD)) {
      const number = this.#numbers.get(word) ?? this.#numberFor(word);
      if (number === undefined || found.has(number)) continue;
      found.add(number);
      this.#uses[number] = (this.#uses[number] ?? 0) + 1;
      if (found.size >= MOST_WORDS) break;
    }
    this.#texts.set(key, Uint32Array.from(found));
  }

  delete(key: string): void {
    for (const number of this.#texts.get(key) ?? []) {
      const uses = (this.#uses[number] ?? 0) - 1;
      this.#uses[number] = uses;
      if (uses > 0) continue;
      this.#numbers.delete(this.#words[number] ?? '');
      this.#words[number] = '';
      this.#free.push(number);
    }
    this.#texts.delete(key);
  }

  /** @returns undefined: too many are known */
  #numberFor(found: string): number | undefined {
    if (this.#numbers.size >= MOST_KNOWN) return undefined;
    // A part of a text keeps the whole text in memory: this is a copy.
    const word = Buffer.from(found).toString();
    const number = this.#free.pop() ?? this.#words.length;
    this.#words[number] = word;
    this.#uses[number] = 0;
    this.#numbers.set(word, number);
    return number;
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
    const marks = new Uint8Array(this.#words.length);
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
