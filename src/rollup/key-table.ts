const LEAST_ROWS = 16;

/**
 * A hash table from keys of a fixed number of integers to rows. It uses open addressing on typed arrays, so that a
 * look-up makes no garbage. Rows are numbered from 0 in the order of insertion.
 */
export class KeyTable {
  readonly #width: number;
  readonly #seed: number;
  /** The number of the row plus one; 0: free. At most half of the places are taken. */
  #places: Int32Array;
  #keys: Uint32Array;
  #size = 0;

  /**
   * @param seed makes it unpredictable which keys collide
   * @param room the initial number of rows, a power of two
   */
  constructor(width: number, seed: number, room = LEAST_ROWS) {
    this.#width = width;
    this.#seed = seed | 0;
    this.#places = new Int32Array(room * 2);
    this.#keys = new Uint32Array(room * width);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of rows that fit. It grows when needed, and never shrinks. */
  get room(): number {
    return this.#keys.length / this.#width;
  }

  /** @returns -1 if there is none */
  find(key: ArrayLike<number>): number {
    return (this.#places[this.#placeOf(key)] as number) - 1;
  }

  /** Adds a row for a key that has none. */
  insert(key: ArrayLike<number>): number {
    if (this.#size === this.room) this.#grow();
    const row = this.#size++;
    this.#places[this.#placeOf(key)] = row + 1;
    const start = row * this.#width;
    for (let at = 0; at < this.#width; at++) this.#keys[start + at] = key[at] as number;
    return row;
  }

  /** One number of a row's key. */
  at(row: number, dimension: number): number {
    return this.#keys[row * this.#width + dimension] as number;
  }

  clear(): void {
    this.#places.fill(0);
    this.#size = 0;
  }

  /** The place of the key, or the free place for it. */
  #placeOf(key: ArrayLike<number>): number {
    const width = this.#width;
    let hash = this.#seed;
    for (let at = 0; at < width; at++) {
      hash = Math.imul(hash ^ (key[at] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const mask = this.#places.length - 1;
    let place = hash & mask;
    for (;;) {
      const row = (this.#places[place] as number) - 1;
      if (row < 0 || this.#isKeyOf(row, key)) return place;
      place = (place + 1) & mask;
    }
  }

  #isKeyOf(row: number, key: ArrayLike<number>): boolean {
    const start = row * this.#width;
    for (let at = 0; at < this.#width; at++) if (this.#keys[start + at] !== key[at]) return false;
    return true;
  }

  #grow(): void {
    const keys = new Uint32Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    this.#places = new Int32Array(this.#places.length * 2);
    for (let row = 0; row < this.#size; row++) {
      const start = row * this.#width;
      this.#places[this.#placeOf(keys.subarray(start, start + this.#width))] = row + 1;
    }
  }
}
