/** The number of sequences in a page, a bit each. */
const SEQUENCES_PER_PAGE = 8192;

/** These pages take 1 MB, and cover 8 million sequences. */
const MOST_PAGES = 1024;

/** Remembers which sequences of another process have arrived here, within bounds. */
export class Seen {
  readonly #pages = new Map<number, Uint8Array>();
  /** Pages below this one were forgotten. */
  #floor = 0;

  /**
   * Adds a sequence.
   * @returns its state before
   */
  add(sequence: number): 'new' | 'repeated' | 'expired' {
    const number = Math.floor(sequence / SEQUENCES_PER_PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      if (number < this.#floor) return 'expired';
      page = new Uint8Array(SEQUENCES_PER_PAGE / 8);
      this.#pages.set(number, page);
      if (this.#pages.size > MOST_PAGES) this.#forget();
    }
    const place = sequence - number * SEQUENCES_PER_PAGE;
    const bit = 1 << (place & 7);
    const bits = page[place >> 3] as number;
    if ((bits & bit) !== 0) return 'repeated';
    page[place >> 3] = bits | bit;
    return 'new';
  }

  /** Removes the lowest page. */
  #forget(): void {
    let lowest = Number.POSITIVE_INFINITY;
    for (const number of this.#pages.keys()) lowest = Math.min(lowest, number);
    this.#pages.delete(lowest);
    this.#floor = Math.max(this.#floor, lowest + 1);
  }
}
