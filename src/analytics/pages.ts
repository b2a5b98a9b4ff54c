/** Sequences of a page: 2 bytes each. */
export const SEQUENCES_PER_PAGE = 4096;

/** Marks of a sequence. Any other is the number of its cell, plus one. */
const NEVER = 0;
const REPORTED = 0xffff;
/** Its entry is not waited for. */
const GIVEN_UP = 0xfffe;

interface Page {
  readonly marks: Uint16Array;
  /** How many of its sequences have a cell. */
  open: number;
  hasGivenUp: boolean;
}

/** What is remembered of each decision whose entry may come: to which cell it belongs. */
export class Pages {
  /** By their number, in ascending order. */
  readonly #pages = new Map<number, Page>();
  #last = emptyPage();
  /** The first sequence that is beyond the last page. */
  #end = 0;
  /** Below this sequence, it can't be told whether an entry has come. */
  #forgotten = 0;

  /** @param sequence higher than any before */
  note(sequence: number, cell: number): void {
    if (sequence >= this.#end) this.#begin(sequence);
    const page = this.#last;
    page.marks[sequence % SEQUENCES_PER_PAGE] = cell + 1;
    page.open += 1;
  }

  /** The number of the cell of a sequence whose entry is waited for. */
  cellOf(sequence: number): number | 'repeated' | 'expired' {
    const number = Math.floor(sequence / SEQUENCES_PER_PAGE);
    const page = this.#pages.get(number);
    if (page === undefined) return sequence < this.#forgotten ? 'expired' : 'repeated';
    const mark = page.marks[sequence - number * SEQUENCES_PER_PAGE] as number;
    if (mark === REPORTED || mark === NEVER) return 'repeated';
    return mark === GIVEN_UP ? 'expired' : mark - 1;
  }

  /** The entry of a sequence that has a cell has come. */
  reported(sequence: number): void {
    const number = Math.floor(sequence / SEQUENCES_PER_PAGE);
    const page = this.#pages.get(number) as Page;
    page.marks[sequence - number * SEQUENCES_PER_PAGE] = REPORTED;
    page.open -= 1;
  }

  /**
   * Entries of these sequences are no longer waited for, where that is said of their cell.
   * @param end the first that is not meant
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
   * Forgets pages of which nothing is waited for, and the oldest of the others.
   * @param end the first sequence whose page is kept in any case
   * @param most how many may be kept of the others
   * @returns the first sequence of which something is remembered
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
