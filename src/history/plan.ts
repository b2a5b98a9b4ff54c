import { LEVELS, levelAt } from './levels.ts';

/** Periods `from` to `until` of a level, of which `until` is not one. */
export interface Part {
  readonly index: number;
  readonly from: number;
  readonly until: number;
}

/** What levels have. */
export interface Extent {
  /** By level: what lies before is no longer there, in seconds. */
  readonly prunedS: readonly number[];
  /** By level: periods that are not what the level before says, in ascending order. */
  readonly due: readonly (readonly number[])[];
}

export interface Plan {
  /** What the parts are of: what was asked, rounded to what there is. */
  readonly sinceS: number;
  readonly untilS: number;
  readonly stepS: number | undefined;
  /** The longest of the periods that the ends were rounded to, and of the steps. */
  readonly periodS: number;
  readonly parts: readonly Part[];
}

/**
 * Which rows answer for a span of time: the coarsest that fit, and finer ones at its ends and where coarser ones wait to
 * be made. Where fine rows are gone, the span is rounded outwards.
 */
export function planParts(extent: Extent, sinceS: number, untilS: number, stepS?: number): Plan {
  const roundedS = stepS === undefined ? undefined : roundedStep(stepS, finestS(extent, sinceS));
  // Slots that begin within the span count; of coarser rows, those that any of it is in.
  const startS = finestS(extent, sinceS);
  const from = startS === levelAt(0).periodS ? -floorTo(-sinceS, startS) : floorTo(sinceS, startS);
  const until = -floorTo(-untilS, finestS(extent, untilS));
  const isFit = (periodS: number): boolean => roundedS === undefined || roundedS % periodS === 0;
  const coarsest = LEVELS.findLastIndex(({ periodS }) => isFit(periodS));
  const periodS = roundedS ?? Math.max(finestS(extent, sinceS), finestS(extent, untilS));
  return { sinceS: from, untilS: until, stepS: roundedS, periodS, parts: [...cover(extent, coarsest, from, until)] };
}

/** Steps are whole periods of what there is. */
function roundedStep(stepS: number, periodS: number): number {
  return Math.max(1, Math.ceil(stepS / periodS)) * periodS;
}

function floorTo(valueS: number, periodS: number): number {
  return Math.floor(valueS / periodS) * periodS;
}

/** The period of the finest level that still has a moment. */
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
