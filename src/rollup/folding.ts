import { FOLDED_NUMBER } from './dictionary.ts';
import { KeyTable } from './key-table.ts';
import { DIMENSIONS } from './slot.ts';
import type { Dimension } from './slot.ts';

/**
 * The order in which dimensions are folded if there are too many rows. Those that say least about an API come first;
 * the outcome is never folded.
 */
export const FOLDING: readonly (readonly Dimension[])[] = [
  ['route'],
  ['source'],
  ['service'],
  ['client', 'contract'],
  ['tier'],
  ['status'],
  ['policy', 'reason'],
  ['method'],
  ['api'],
];

export interface Steps {
  /** For each row: 1 if it keeps its key. */
  readonly isKept: Uint8Array;
  /** For each dimension: whether it is folded in the rows that do not keep their key. */
  readonly dimensions: readonly boolean[];
}

/**
 * Chooses which rows keep their keys, and which dimensions of the others are folded, so that at most three quarters
 * of the rows are left. The free quarter is for new rows, so that folding does not start again at once.
 * @param activity how busy each row is
 */
export function chooseSteps(keys: KeyTable, activity: Float64Array, most: number, seed: number): Steps {
  const isKept = busiest(activity, most >> 1);
  const dimensions = DIMENSIONS.map(() => false);
  const enough = Math.max(1, most - (most >> 2));
  for (const step of FOLDING) {
    for (const dimension of step) dimensions[DIMENSIONS.indexOf(dimension)] = true;
    if (rowsAfter(keys, isKept, dimensions, enough, seed) <= enough) break;
  }
  return { isKept, dimensions };
}

/** Marks the `wanted` busiest rows. Of equally busy rows the first ones are taken. */
function busiest(activity: Float64Array, wanted: number): Uint8Array {
  const sorted = activity.toSorted();
  const least = sorted[sorted.length - wanted] ?? Number.POSITIVE_INFINITY;
  const isKept = new Uint8Array(activity.length);
  let left = wanted;
  for (let row = 0; row < activity.length; row++) {
    if ((activity[row] as number) <= least) continue;
    isKept[row] = 1;
    left -= 1;
  }
  for (let row = 0; row < activity.length && left > 0; row++) {
    if (activity[row] !== least) continue;
    isKept[row] = 1;
    left -= 1;
  }
  return isKept;
}

/** Counts the rows after folding, but stops at one more than `enough`. */
function rowsAfter(
  keys: KeyTable,
  isKept: Uint8Array,
  dimensions: readonly boolean[],
  enough: number,
  seed: number,
): number {
  const left = new KeyTable(dimensions.length, seed, keys.room);
  const key = new Uint32Array(dimensions.length);
  for (let row = 0; row < isKept.length && left.size <= enough; row++) {
    const isFolding = isKept[row] === 0;
    for (let dimension = 0; dimension < key.length; dimension++) {
      key[dimension] = isFolding && dimensions[dimension] === true ? FOLDED_NUMBER : keys.at(row, dimension);
    }
    if (left.find(key) < 0) left.insert(key);
  }
  return left.size;
}
