import { BucketLists } from './bucket-lists.ts';
import { FOLDED_NUMBER } from './dictionary.ts';
import type { Dictionary } from './dictionary.ts';
import { chooseSteps } from './folding.ts';
import { bucketOf } from './histogram.ts';
import { KeyTable } from './key-table.ts';
import { DIMENSIONS } from './slot.ts';
import type { SlotRow } from './slot.ts';

/** What is added to a row. The caller may reuse one object for all additions. */
export interface Measured {
  /** The number of requests: 1, or -1 if a correction removes one. */
  count: number;
  /** The sum of all requests; negative if they are removed. */
  requestBytes: number;
  responseBytes: number;
  policyMs: number;
  /** The duration of each request; undefined if it is unknown. */
  durationMs: number | undefined;
}

/** Indexes of the sums of a row. */
const PLACE = { count: 0, requestBytes: 1, responseBytes: 2, durationCount: 3, durationMs: 4, policyMs: 5, folded: 6 };
const SUMS = 7;

/** The counts of one slot: rows whose keys are the numbers of texts, at most a given number of rows. */
export class SlotTable {
  readonly #most: number;
  readonly #seed: number;
  #keys: KeyTable;
  #sums = new Float64Array(0);
  #durations = new BucketLists();
  /** The number of requests whose key was folded. */
  #folded = 0;

  /** @param most the most rows; when there would be more, the least busy are folded */
  constructor(most: number, seed: number) {
    this.#most = most;
    this.#seed = seed;
    this.#keys = new KeyTable(DIMENSIONS.length, seed);
    this.#makeRoom();
  }

  get size(): number {
    return this.#keys.size;
  }

  /** The number of rows that fit into memory now. */
  get room(): number {
    return this.#keys.room;
  }

  get folded(): number {
    return this.#folded;
  }

  /**
   * @param key a number for each dimension
   * @param isFolded whether a text of the key was replaced
   * @returns whether the row is new
   */
  add(key: ArrayLike<number>, measured: Measured, isFolded: boolean): boolean {
    let row = this.#keys.find(key);
    const isNew = row < 0;
    if (isNew) {
      if (this.#keys.size >= this.#most) this.#fold();
      row = this.#rowOf(key);
    }
    const sums = this.#sums;
    const at = row * SUMS;
    const { count, durationMs } = measured;
    sums[at] = (sums[at] as number) + count;
    sums[at + 1] = (sums[at + 1] as number) + measured.requestBytes;
    sums[at + 2] = (sums[at + 2] as number) + measured.responseBytes;
    sums[at + 5] = (sums[at + 5] as number) + measured.policyMs;
    if (durationMs !== undefined) {
      sums[at + 3] = (sums[at + 3] as number) + count;
      sums[at + 4] = (sums[at + 4] as number) + count * durationMs;
      this.#durations.add(row, bucketOf(durationMs), count);
    }
    if (isFolded) {
      sums[at + PLACE.folded] = (sums[at + PLACE.folded] as number) + count;
      this.#folded += count;
    }
    return isNew;
  }

  rowAt(row: number, dictionaries: readonly Dictionary[]): SlotRow {
    const at = row * SUMS;
    const sum = (place: number): number => this.#sums[at + place] as number;
    return {
      key: dictionaries.map((dictionary, dimension) => dictionary.textOf(this.#keys.at(row, dimension))),
      count: sum(PLACE.count),
      requestBytes: sum(PLACE.requestBytes),
      responseBytes: sum(PLACE.responseBytes),
      durationCount: sum(PLACE.durationCount),
      durationMs: sum(PLACE.durationMs),
      policyMs: sum(PLACE.policyMs),
      durations: this.#durations.pairsOf(row),
    };
  }

  clear(): void {
    this.#sums.fill(0, 0, this.#keys.size * SUMS);
    this.#keys.clear();
    this.#durations.clear();
    this.#folded = 0;
  }

  #rowOf(key: ArrayLike<number>): number {
    const known = this.#keys.find(key);
    if (known >= 0) return known;
    const row = this.#keys.insert(key);
    if (this.#keys.room * SUMS > this.#sums.length) this.#makeRoom();
    return row;
  }

  #makeRoom(): void {
    const sums = new Float64Array(this.#keys.room * SUMS);
    sums.set(this.#sums);
    this.#sums = sums;
    this.#durations.resize(this.#keys.room);
  }

  /**
   * Keeps the busiest half as it is. Of the other rows, folds as many dimensions as needed, in the order of
   * `FOLDING`.
   */
  #fold(): void {
    const { size } = this.#keys;
    const activity = new Float64Array(size);
    for (let row = 0; row < size; row++) activity[row] = Math.abs(this.#sums[row * SUMS] as number);
    const { isKept, dimensions } = chooseSteps(this.#keys, activity, this.#most, this.#seed);
    const before = { keys: this.#keys, sums: this.#sums, durations: this.#durations };
    this.#keys = new KeyTable(DIMENSIONS.length, this.#seed, before.keys.room);
    this.#sums = new Float64Array(0);
    this.#durations = new BucketLists();
    this.#makeRoom();
    const key = new Uint32Array(DIMENSIONS.length);
    for (let row = 0; row < size; row++) {
      let isChanged = false;
      for (let dimension = 0; dimension < key.length; dimension++) {
        const number = before.keys.at(row, dimension);
        const isFoldedHere = isKept[row] === 0 && dimensions[dimension] === true;
        isChanged ||= isFoldedHere && number !== FOLDED_NUMBER;
        key[dimension] = isFoldedHere ? FOLDED_NUMBER : number;
      }
      this.#move(before, row, key, isChanged);
    }
  }

  #move(
    { sums, durations }: { readonly sums: Float64Array; readonly durations: BucketLists },
    row: number,
    key: Uint32Array,
    isChanged: boolean,
  ): void {
    const to = this.#rowOf(key);
    const [from, at] = [row * SUMS, to * SUMS];
    for (let place = 0; place < PLACE.folded; place++) {
      this.#sums[at + place] = (this.#sums[at + place] as number) + (sums[from + place] as number);
    }
    this.#durations.addAll(to, durations, row);
    const alreadyFolded = sums[from + PLACE.folded] as number;
    const folded = isChanged ? (sums[from] as number) : alreadyFolded;
    this.#sums[at + PLACE.folded] = (this.#sums[at + PLACE.folded] as number) + folded;
    this.#folded += folded - alreadyFolded;
  }
}
