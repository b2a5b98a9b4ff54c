import { FOLDED } from './slot.ts';

/** The number of the empty text. */
const EMPTY = 0;
/** The number of {@link FOLDED}. */
export const FOLDED_NUMBER = 1;
const RESERVED = ['', FOLDED];

/**
 * The longest text that is stored; longer ones become {@link FOLDED}. The longest SPIFFE ids of Kubernetes have about
 * 380.
 */
const MOST_CHARACTERS = 512;

/** Assigns a number to each text, so that keys consist of numbers. Numbers of removed texts are reused. */
export class Dictionary {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  /** When each number was last used. */
  #usedIn = new Uint32Array(16);
  readonly #free: number[] = [];
  /** The last text that was looked up, since the same text often follows. */
  #lastText = '';
  #lastNumber = EMPTY;
  readonly #most: number;

  /** @param most the most texts; further ones become {@link FOLDED} */
  constructor(most: number) {
    this.#most = Math.max(most, 1) + RESERVED.length;
    for (const [number, text] of RESERVED.entries()) {
      this.#numbers.set(text, number);
      this.#texts.push(text);
    }
  }

  /** The number of texts. */
  get size(): number {
    return this.#numbers.size;
  }

  /** Returns the number of a text, if it has one. */
  known(text: string): number | undefined {
    if (text === this.#lastText) return this.#lastNumber;
    const number = this.#numbers.get(text);
    if (number !== undefined) {
      this.#lastText = text;
      this.#lastNumber = number;
    }
    return number;
  }

  /**
   * Returns the number of a text, and assigns one if there is none. Returns {@link FOLDED_NUMBER} if there is no
   * room.
   */
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

  /** @param generation increases from one span of time to the next */
  markUsed(number: number, generation: number): void {
    this.#usedIn[number] = generation;
  }

  /** Removes the texts that were last used before that generation. */
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
