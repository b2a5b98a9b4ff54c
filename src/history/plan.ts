import { LEVELS, levelAt } from './levels.ts';

/** A range of periods of a level, from `from` up to but not including `until`. */
export interface Part {
  readonly index: number;
  readonly from: number;
  readonly until: number;
}

/** What the levels contain. */
export interface Extent {
  /** For each level: rows before this time, in seconds, were deleted. */
  readonly prunedS: readonly number[];
  /** For each level: periods that must be computed anew from the level before, in ascending order. */
  readonly due: readonly (readonly number[])[];
}

export interface Plan {
  /** The time that the parts cover: the requested time, rounded to existing periods. */
  readonly sinceS: number;
  readonly untilS: number;
  readonly stepS: number | undefined;
  /** The longest of the periods to which the ends and the steps were rounded. */
  readonly periodS: number;
  readonly parts: readonly Part[];
}

/**
 * Plans which rows answer for a span of time: the coarsest that fit, and finer ones at both ends and where coarser
 * ones are not computed yet. If fine rows were deleted, the span is rounded outwards.
 */
export function planParts(extent: Extent, sinceS: number, untilS: number, stepS?: number): Plan {
  const roundedS = stepS === undefined ? undefined : roundedStep(stepS, finestS(extent, sinceS));
  // A slot counts if it begins within the span; a coarser row counts if any of it is in the span.
  const startS = finestS(extent, sinceS);
  const from = startS === levelAt(0).periodS ? -floorTo(-sinceS, startS) : floorTo(sinceS, startS);
  const until = -floorTo(-untilS, finestS(extent, untilS));
  const isFit = (periodS: number): boolean => roundedS === undefined || roundedS % periodS === 0;
  const coarsest = LEVELS.findLastIndex(({ periodS }) => isFit(periodS));
  const periodS = roundedS ?? Math.max(finestS(extent, sinceS), finestS(extent, untilS));
  return { sinceS: from, untilS: until, stepS: roundedS, periodS, parts: [...cover(extent, coarsest, from, until)] };
}

/** Rounds a step to whole periods. */
function roundedStep(stepS: number, periodS: number): number {
  return Math.max(1, Math.ceil(stepS / periodS)) * periodS;
}

function floorTo(valueS: number, periodS: number): number {
  return Math.floor(valueS / periodS) * periodS;
}

/** Returns the period of the finest level that still has rows for this moment. */
function finestS({ prunedS }: Extent, atS: number): number {
  const level = LEVELS.find((_, index) => atS >= (prunedS[index] ?? 0)) ?? levelAt(LEVELS.length - 1);
  return level.periodS;
}

function* cover(extent: Extent, index: number, fromS: number, untilS: number): Generator<Part> {
  if (index < 0 || fromS >= untilS) return;
  const { periodS } = levelAt(index);
  const first = Math.ceil(fromS / periodS);
  const end = Math.floor(untilS / periodS);
  if (first >= end) {
    yield* cover(extent, index - 1, fromS, untilS);
    return;
  }
  yield* cover(extent, index - 1, fromS, first * periodS);
  let from = first;
  for (const period of extent.due[index] ?? []) {
    if (period < first || period >= end) continue;
    if (period > from) yield { index, from, until: period };
    yield* cover(extent, index - 1, period * periodS, (period + 1) * periodS);
    from = period + 1;
  }
  if (from < end) yield { index, from, until: end };
  yield* cover(extent, index - 1, end * periodS, untilS);
}
