/** The number of sequences in a page, 2 bytes each. */
export const SEQUENCES_PER_PAGE = 4096;

/** Marks of a sequence. Any other value is the number of its cell, plus one. */
const NEVER = 0;
const REPORTED = 0xffff;
/** The entry is no longer awaited. */
const GIVEN_UP = 0xfffe;

interface Page {
  readonly marks: Uint16Array;
  /** How many of its sequences have a cell. */
  open: number;
  hasGivenUp: boolean;
}

/** Remembers the cell of each decision whose entry may still arrive. */
export class Pages {
  /** By their number, in ascending order. */
  readonly #pages = new Map<number, Page>();
  #last = emptyPage();
  /** The first sequence that is beyond the last page. */
  #end = 0;
  /** Below this sequence it is unknown whether an entry has arrived. */
  #forgotten = 0;

  /** @param sequence higher than any before */
  note(sequence: number, cell: number): void {
    if (sequence >= this.#end) this.#begin(sequence);
    const page = this.#last;
    page.marks[sequence % SEQUENCES_PER_PAGE] = cell + 1;
    page.open += 1;
  }

  /** The number of the cell of a sequence whose entry is awaited. */
  cellOf(sequence: number): number | 'repeated' | 'expired' {
    const number = Math.floor(sequence / SEQUENCES_PER_PAGE);
    const page = this.#pages.get(number);
    if (page === undefined) return sequence < this.#forgotten ? 'expired' : 'repeated';
    const mark = page.marks[sequence - number * SEQUENCES_PER_PAGE] as number;
    if (mark === REPORTED || mark === NEVER) return 'repeated';
    return mark === GIVEN_UP ? 'expired' : mark - 1;
  }

  /** To be called for the entry of a sequence that has a cell. */
  reported(sequence: number): void {
    const number = Math.floor(sequence / SEQUENCES_PER_PAGE);
    const page = this.#pages.get(number) as Page;
    page.marks[sequence - number * SEQUENCES_PER_PAGE] = REPORTED;
    page.open -= 1;
  }

  /**
   * Stops waiting for the entries of these sequences, if the function says so for their cell.
   * @param end the first sequence after them
   */
  giveUp(first: number, end: number, isGivenUp: (cell: number) => boolean): void {
    for (let at = first; at < end;) {
      const number = Math.floor(at / SEQUENCES_PER_PAGE);
      const pageEnd = Math.min(end, (number + 1) * SEQUENCES_PER_PAGE);
      const page = this.#pages.get(number);
      if (page !== undefined && page.open > 0) giveUpIn(page, at, pageEnd, isGivenUp);
      at = pageEnd;
    }
  }

  /**
   * Forgets pages without awaited entries, and the oldest of the others.
   * @param end the page of this sequence and later ones are kept in any case
   * @param most the most earlier pages to keep
   * @returns the first sequence that is still remembered
   */
  forget(end: number, most: number): number {
    const lastPage = Math.floor(end / SEQUENCES_PER_PAGE);
    let kept = 0;
    for (const [number, page] of this.#pages) {
      if (number >= lastPage) break;
      if (page.open === 0) this.#delete(number, page);
      else kept += 1;
    }
    for (const [number, page] of this.#pages) {
      if (kept <= most) break;
      this.#delete(number, page);
      kept -= 1;
    }
    const [first = lastPage] = this.#pages.keys();
    return first * SEQUENCES_PER_PAGE;
  }

  #begin(sequence: number): void {
    const number = Math.floor(sequence / SEQUENCES_PER_PAGE);
    this.#last = emptyPage();
    this.#pages.set(number, this.#last);
    this.#end = (number + 1) * SEQUENCES_PER_PAGE;
  }

  #delete(number: number, page: Page): void {
    this.#pages.delete(number);
    if (page.open > 0 || page.hasGivenUp)
      this.#forgotten = Math.max(this.#forgotten, (number + 1) * SEQUENCES_PER_PAGE);
  }
}

function emptyPage(): Page {
  return { marks: new Uint16Array(SEQUENCES_PER_PAGE), open: 0, hasGivenUp: false };
}

function giveUpIn(page: Page, first: number, end: number, isGivenUp: (cell: number) => boolean): void {
  const { marks } = page;
  for (let at = first; at < end; at++) {
    const place = at % SEQUENCES_PER_PAGE;
    const mark = marks[place] as number;
    if (mark === REPORTED || mark === NEVER || mark === GIVEN_UP || !isGivenUp(mark - 1)) continue;
    marks[place] = GIVEN_UP;
    page.open -= 1;
    page.hasGivenUp = true;
  }
}
