import { DIMENSIONS } from '../../src/rollup/slot.ts';
import type { Dimension, Slot, SlotRow } from '../../src/rollup/slot.ts';

/** A moment at the beginning of an hour. */
export const NOON = Date.UTC(2026, 10, 28, 12);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The bucket of a duration, as `rollup/slot.ts` defines it. */
export function bucketOf(durationMs: number): number {
  return Math.min(200, Math.max(-80, Math.ceil(Math.log2(durationMs) * 8) - 1));
}

/** Requests of one key, each of which took so long. */
export function rowOf(
  key: Partial<Record<Dimension, string>>,
  durationsMs: readonly number[],
  count = durationsMs.length,
): SlotRow {
  const buckets = new Map<number, number>();
  for (const durationMs of durationsMs) buckets.set(bucketOf(durationMs), (buckets.get(bucketOf(durationMs)) ?? 0) + 1);
  return {
    key: DIMENSIONS.map((name) => key[name] ?? ''),
    count,
    requestBytes: 100 * count,
    responseBytes: 1000 * count,
    durationCount: durationsMs.length,
    durationMs: durationsMs.reduce((sum, each) => sum + each, 0),
    policyMs: 0.25 * count,
    durations: [...buckets].toSorted(([a], [b]) => a - b).flat(),
  };
}

/** One after another of one process. */
export class Sender {
  readonly node: string;
  readonly epoch: string;
  #sequence = 0;

  constructor(node = 'node-1', epoch = '00000001') {
    this.node = node;
    this.epoch = epoch;
  }

  slot(startMs: number, rows: readonly SlotRow[], completeness: Partial<Slot['completeness']> = {}): Slot {
    this.#sequence += 1;
    return {
      node: this.node,
      epoch: this.epoch,
      sequence: this.#sequence,
      startMs,
      periodMs: 10_000,
      rows,
      completeness: { decided: 0, reported: 0, unreported: 0, unknown: 0, ...completeness },
      folded: 0,
    };
  }
}
