import * as fc from 'fast-check';
import type { Measured } from '../../src/rollup/slot-table.ts';
import { DIMENSIONS } from '../../src/rollup/slot.ts';
import type { Measures } from '../../src/rollup/slot.ts';

export interface Added {
  readonly key: readonly string[];
  readonly measured: Measured;
}

/** Whole numbers, so that sums are exact in any order. */
export const measured: fc.Arbitrary<Measured> = fc.record({
  count: fc.constantFrom(1, 1, 1, -1),
  requestBytes: fc.nat(5000),
  responseBytes: fc.nat(5000),
  policyMs: fc.nat(20),
  durationMs: fc.option(fc.nat(5000), { nil: undefined }),
});

/** @param texts how many different ones each dimension has */
export function additions(texts: number): fc.Arbitrary<Added[]> {
  const key = fc.tuple(...DIMENSIONS.map((name) => fc.nat(texts).map((at) => (at === 0 ? '' : `${name}-${at}`))));
  return fc.array(fc.record({ key, measured }), { maxLength: 300 });
}

export type Sums = Omit<Measures, 'durations'> & { readonly bucketed: number };

const NOTHING: Sums = {
  count: 0,
  requestBytes: 0,
  responseBytes: 0,
  durationCount: 0,
  durationMs: 0,
  policyMs: 0,
  bucketed: 0,
};

export function sumOfAdded(added: readonly Added[]): Sums {
  return added.reduce((sum, { measured: { count, durationMs, ...rest } }) => {
    const timed = durationMs === undefined ? 0 : count;
    return {
      count: sum.count + count,
      requestBytes: sum.requestBytes + rest.requestBytes,
      responseBytes: sum.responseBytes + rest.responseBytes,
      durationCount: sum.durationCount + timed,
      durationMs: sum.durationMs + count * (durationMs ?? 0),
      policyMs: sum.policyMs + rest.policyMs,
      bucketed: sum.bucketed + timed,
    };
  }, NOTHING);
}

export function sumOfRows(rows: readonly Measures[]): Sums {
  return rows.reduce((sum: Sums, row) => {
    const bucketed = row.durations.reduce((all, each, at) => (at % 2 === 1 ? all + each : all), 0);
    return {
      count: sum.count + row.count,
      requestBytes: sum.requestBytes + row.requestBytes,
      responseBytes: sum.responseBytes + row.responseBytes,
      durationCount: sum.durationCount + row.durationCount,
      durationMs: sum.durationMs + row.durationMs,
      policyMs: sum.policyMs + row.policyMs,
      bucketed: sum.bucketed + bucketed,
    };
  }, NOTHING);
}
