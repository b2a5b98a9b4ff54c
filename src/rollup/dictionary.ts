import { FOLDED } from './slot.ts';

/** The number of the empty text. */
const EMPTY = 0;
/** The number of {@link FOLDED}. */
export const FOLDED_NUMBER = 1;
const RESERVED = ['', FOLDED];

/** The longest text that is kept; a longer one is {@link FOLDED}. The longest SPIFFE id of Kubernetes has some 380. */
const MOST_CHARACTERS = 512;

/** A number for each text, so that keys are numbers. Numbers of texts that are gone are given again. */
export class Dictionary {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  /** By number, when it was last used. */
  #usedIn = new Uint32Array(16);
  readonly #free: number[] = [];
  /** What was asked for last: it often comes again at once. */
  #lastText = '';
  #lastNumber = EMPTY;
  readonly #most: number;

  /** @param most how many texts there may be; a further one is {@link FOLDED} */
  constructor(most: number) {
    this.#most = Math.max(most, 1) + RESERVED.length;
    for (const [number, text] of RESERVED.entries()) {
      this.#numbers.set(text, number);
      this.#texts.push(text);
    }
  }

  /** How many texts have a number. */
  get size(): number {
    return this.#numbers.size;
  }

  /** The number of a text that has one. */
  known(text: string): number | undefined {
    if (text === this.#lastText) return this.#lastNumber;
    const number = this.#numbers.get(text);
    if (number !== undefined) {
      this.#lastText = text;
      this.#lastNumber = number;
    }
    return number;
  }

  /** The number of a text, which is given one where it has none: {@link FOLDED_NUMBER} if it can't have one. */
  numberOf(text: string): number {
    const known = this.known(text);
    if (known !== undefined) return known;
    if (text.length > MOST_CHARACTERS || this.#numbers.size >= this.#most) return FOLDED_NUMBER;
    const number = this.#free.pop() ?? this.#texts.length;
    this.#texts[number] = text;
    this.#numbers.set(text, number);
    if (number >= this.#usedIn.length) {
      const grown = new Uint32Array(this.#usedIn.length * 2);
      grown.set(this.#usedIn);
      this.#usedIn = grown;
    }
    return number;
  }

  textOf(number: number): string {
    return this.#texts[number] ?? '';
  }

  /** @param generation rises from one span of time to the next */
  markUsed(number: number, generation: number): void {
    this.#usedIn[number] = generation;
  }

  /** Gives up the texts that were last used before that generation. */
  sweep(generation: number): void {
    this.#lastText = '';
    this.#lastNumber = EMPTY;
    for (const [text, number] of this.#numbers) {
      if (number < RESERVED.length || (this.#usedIn[number] as number) >= generation) continue;
      this.#numbers.delete(text);
      this.#texts[number] = '';
      this.#free.push(number);
    }
  }
}
