/** Sequences of a page: a bit each. */
const SEQUENCES_PER_PAGE = 8192;

/** 1 MB, and 8 million sequences. */
const MOST_PAGES = 1024;

/** Which sequences of another process have come here, within bounds. */
export class Seen {
  readonly #pages = new Map<number, Uint8Array>();
  /** Pages below were forgotten. */
  #floor = 0;

  /** Notes a sequence. @returns what it was before */
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

  /** The lowest page. */
  #forget(): void {
    let lowest = Number.POSITIVE_INFINITY;
    for (const number of this.#pages.keys()) lowest = Math.min(lowest, number);
    this.#pages.delete(lowest);
    this.#floor = Math.max(this.#floor, lowest + 1);
  }
}
