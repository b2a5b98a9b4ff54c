import { mergeBuckets } from './histogram.ts';
import { DIMENSIONS } from './slot.ts';
import type { Dimension, Measures, SlotRow } from './slot.ts';

/** The sum of both. The order in which rows are merged makes no difference. */
export function mergeMeasures(one: Measures, other: Measures): Measures {
  return {
    count: one.count + other.count,
    requestBytes: one.requestBytes + other.requestBytes,
    responseBytes: one.responseBytes + other.responseBytes,
    durationCount: one.durationCount + other.durationCount,
    durationMs: one.durationMs + other.durationMs,
    policyMs: one.policyMs + other.policyMs,
    durations: mergeBuckets(one.durations, other.durations),
  };
}

/** A row whose key has a text for each of the requested dimensions, in their order. */
export interface Group extends Measures {
  readonly key: readonly string[];
}

/**
 * Makes one group for each combination of texts in the requested dimensions, in the order of their first occurrence.
 * A group whose measures add up to nothing is left out.
 */
export function groupRows(rows: Iterable<SlotRow>, by: readonly Dimension[]): Group[] {
  const places = by.map((dimension) => DIMENSIONS.indexOf(dimension));
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const key = places.map((place) => row.key[place] ?? '');
    // A separator would be ambiguous: texts may have any character.
    const name = JSON.stringify(key);
    const known = groups.get(name);
    groups.set(name, { ...(known === undefined ? row : mergeMeasures(known, row)), key });
  }
  return [...groups.values()].filter((group) => !isNothing(group));
}

/** Merges rows with equal keys. */
export function mergeRows(rows: Iterable<SlotRow>): SlotRow[] {
  return groupRows(rows, DIMENSIONS);
}

function isNothing(measures: Measures): boolean {
  const { count, requestBytes, responseBytes, durationCount, durationMs, policyMs, durations } = measures;
  const sums = [count, requestBytes, responseBytes, durationCount, durationMs, policyMs];
  return sums.every((sum) => sum === 0) && durations.length === 0;
}
