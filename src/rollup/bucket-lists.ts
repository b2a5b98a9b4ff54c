import { LOWEST_BUCKET } from './histogram.ts';

/** The number of buckets in one doubling, which one node holds. */
const OCTAVE = 8;
const LEAST_NODES = 32;

/**
 * A sparse histogram for each row: a linked list of nodes in ascending order, each with the buckets of one doubling.
 * Most rows have a few nodes. A row that is hit once costs one node of 40 bytes.
 */
export class BucketLists {
  /** For each row, the number of its first node plus one; 0: none. */
  #first = new Int32Array(0);
  #next = new Int32Array(LEAST_NODES);
  #octave = new Uint8Array(LEAST_NODES);
  #hits = new Int32Array(LEAST_NODES * OCTAVE);
  #size = 0;

  /** Makes room for so many rows. */
  resize(rows: number): void {
    const first = new Int32Array(rows);
    first.set(this.#first);
    this.#first = first;
  }

  /** @param count may be negative */
  add(row: number, bucket: number, count: number): void {
    const index = bucket - LOWEST_BUCKET;
    const at = this.#nodeOf(row, index >> 3) * OCTAVE + (index & 7);
    this.#hits[at] = (this.#hits[at] as number) + count;
  }

  /** Adds the histogram of a row in other lists. */
  addAll(row: number, other: BucketLists, otherRow: number): void {
    for (let from = (other.#first[otherRow] as number) - 1; from >= 0; from = (other.#next[from] as number) - 1) {
      const to = this.#nodeOf(row, other.#octave[from] as number);
      for (let at = 0; at < OCTAVE; at++) {
        const hits = other.#hits[from * OCTAVE + at] as number;
        if (hits !== 0) this.#hits[to * OCTAVE + at] = (this.#hits[to * OCTAVE + at] as number) + hits;
      }
    }
  }

  /** In the format of `Measures.durations`. */
  pairsOf(row: number): number[] {
    const pairs: number[] = [];
    for (let node = (this.#first[row] as number) - 1; node >= 0; node = (this.#next[node] as number) - 1) {
      const lowest = (this.#octave[node] as number) * OCTAVE + LOWEST_BUCKET;
      for (let at = 0; at < OCTAVE; at++) {
        const hits = this.#hits[node * OCTAVE + at] as number;
        if (hits !== 0) pairs.push(lowest + at, hits);
      }
    }
    return pairs;
  }

  clear(): void {
    this.#first.fill(0);
    this.#size = 0;
  }

  /** Returns the row's node for a doubling, and makes it if it is missing. */
  #nodeOf(row: number, octave: number): number {
    let before = -1;
    let node = (this.#first[row] as number) - 1;
    while (node >= 0 && (this.#octave[node] as number) < octave) {
      before = node;
      node = (this.#next[node] as number) - 1;
    }
    if (node >= 0 && this.#octave[node] === octave) return node;
    if (this.#size === this.#octave.length) this.#grow();
    const made = this.#size++;
    this.#octave[made] = octave;
    this.#next[made] = node + 1;
    this.#hits.fill(0, made * OCTAVE, (made + 1) * OCTAVE);
    if (before < 0) this.#first[row] = made + 1;
    else this.#next[before] = made + 1;
    return made;
  }

  #grow(): void {
    const size = this.#size * 2;
    const [next, octave, hits] = [new Int32Array(size), new Uint8Array(size), new Int32Array(size * OCTAVE)];
    next.set(this.#next);
    octave.set(this.#octave);
    hits.set(this.#hits);
    this.#next = next;
    this.#octave = octave;
    this.#hits = hits;
  }
}
