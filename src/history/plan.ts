import { LEVELS, levelAt } from './levels.ts';

/** A question about so much time is answered for whole hours: the minutes at its ends would be most of what is read. */
const LONG_S = 7 * 86_400;
const HOUR_S = 3600;

/** A range of periods of a level, from `from` up to but not including `until`. */
export interface Part {
  readonly index: number;
  readonly from: number;
  readonly until: number;
}

export interface Due {
  readonly period: number;
  /** Its rows are right up to here, in seconds: at an end of a period of the level before. 0: they are not. */
  readonly throughS: number;
}

/** What the levels contain. */
export interface Extent {
  /** For each level: rows before this time, in seconds, were deleted. */
  readonly prunedS: readonly number[];
  /** For each level: periods that must be computed anew from the level before, in ascending order. */
  readonly due: readonly (readonly Due[])[];
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
  const isLong = stepS === undefined && untilS - sinceS >= LONG_S;
  const from = isLong
    ? floorTo(sinceS, Math.max(startS, HOUR_S))
    : startS === levelAt(0).periodS
      ? -floorTo(-sinceS, startS)
      : floorTo(sinceS, startS);
  const endS = finestS(extent, untilS);
  const until = -floorTo(-untilS, isLong ? Math.max(endS, HOUR_S) : endS);
  const isFit = (periodS: number): boolean => roundedS === undefined || roundedS % periodS === 0;
  const coarsest = LEVELS.findLastIndex(({ periodS }) => isFit(periodS));
  const periodS = roundedS ?? Math.max(startS, endS, isLong ? HOUR_S : 0);
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
  // Of the one in which the span ends, there may be as much as the span needs.
  const last = (extent.due[index] ?? []).find((due) => due.period === end && isBegun(due, periodS));
  const running = last !== undefined && last.throughS <= untilS ? last : undefined;
  if (first > end || (first === end && running === undefined)) {
    yield* cover(extent, index - 1, fromS, untilS);
    return;
  }
  yield* cover(extent, index - 1, fromS, first * periodS);
  let from = first;
  for (const due of extent.due[index] ?? []) {
    const { period, throughS } = due;
    if (period < first || period >= end) continue;
    const until = isBegun(due, periodS) ? period + 1 : period;
    if (until > from) yield { index, from, until };
    yield* cover(extent, index - 1, Math.max(throughS, period * periodS), (period + 1) * periodS);
    from = period + 1;
  }
  const until = running === undefined ? end : end + 1;
  if (from < until) yield { index, from, until };
  yield* cover(extent, index - 1, running?.throughS ?? end * periodS, untilS);
}

function isBegun({ period, throughS }: Due, periodS: number): boolean {
  return throughS > period * periodS;
}
