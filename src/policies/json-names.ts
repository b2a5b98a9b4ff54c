/** Objects with more names than this use a Set. */
const FEW = 8;

/** The names of one object of a body. */
export class Names {
  readonly #bytes: Buffer;
  /** Start and end of each name, while there are few names and none has escapes. */
  readonly #ranges: number[] = [];
  #all: Set<string> | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /**
   * Adds a name.
   * @param start the index of the opening quote
   * @param end the index behind the closing quote
   * @returns false if the object already has the name, in any spelling
   */
  add(start: number, end: number, hasEscapes: boolean): boolean {
    if (this.#all === undefined && !hasEscapes && this.#ranges.length < FEW * 2) {
      for (let i = 0; i < this.#ranges.length; i += 2) {
        if (this.#isSame(this.#ranges[i] as number, this.#ranges[i + 1] as number, start, end)) return false;
      }
      this.#ranges.push(start, end);
      return true;
    }
    this.#all ??= this.#collected();
    const name = this.#nameIn(start, end, hasEscapes);
    if (this.#all.has(name)) return false;
    this.#all.add(name);
    return true;
  }

  #isSame(start: number, end: number, otherStart: number, otherEnd: number): boolean {
    if (end - start !== otherEnd - otherStart) return false;
    for (let i = 1; i < end - start; i++) {
      if (this.#bytes[start + i] !== this.#bytes[otherStart + i]) return false;
    }
    return true;
  }

  #collected(): Set<string> {
    const names = new Set<string>();
    for (let i = 0; i < this.#ranges.length; i += 2) {
      names.add(this.#nameIn(this.#ranges[i] as number, this.#ranges[i + 1] as number, false));
    }
    return names;
  }

  /**
   * Returns one text for one name. The quote at its beginning keeps V8 from hashing it as an array index, in a way
   * that callers can predict.
   */
  #nameIn(start: number, end: number, hasEscapes: boolean): string {
    if (!hasEscapes) return this.#bytes.toString('latin1', start, end - 1);
    const name = JSON.parse(this.#bytes.toString('utf8', start, end)) as string;
    return `"${Buffer.from(name, 'utf8').toString('latin1')}`;
  }
}
