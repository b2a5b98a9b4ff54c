import type { QueryResponseJson, UsageJson, UsageRowJson } from '../../../../gen/ostiary/v1/analytics_pb.js';

/** A span of a chart. */
export interface Span {
  /** Seconds since the Unix epoch. */
  readonly startS: number;
  /** How much of it the answer covers, in seconds: the first and the last may be cut. */
  readonly coveredS: number;
  /** Anything was told of it. */
  readonly isKnown: boolean;
  /** It has not ended: what happened in it is still being counted. */
  readonly isOpen: boolean;
}

/** What was counted, as numbers. */
export interface Counted {
  readonly count: number;
  readonly errors: number;
  readonly denials: number;
  /** Milliseconds; undefined: not known of any. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
  readonly mean: number | undefined;
  readonly bytes: number;
}

export interface Series {
  readonly stepS: number;
  readonly spans: readonly Span[];
  /** By values, in the order of their rank; for each span what was counted; undefined: nothing was told of it. */
  readonly rows: readonly SeriesRow[];
}

export interface SeriesRow {
  readonly values: readonly string[];
  readonly counted: readonly (Counted | undefined)[];
}

const NOTHING: Counted = {
  count: 0,
  errors: 0,
  denials: 0,
  p50: undefined,
  p95: undefined,
  p99: undefined,
  mean: undefined,
  bytes: 0,
};
/** Counts come so much later. */
const DELAY_S = 15;

export function countedOf(usage: UsageJson | undefined): Counted {
  const { count, errors, denials, durations, requestBytes, responseBytes } = usage ?? {};
  const duration = (value: number | string | undefined): number | undefined =>
    durations === undefined ? undefined : Number(value ?? 0);
  return {
    // Corrections of what came late may be there before it.
    count: Math.max(0, Number(count ?? 0)),
    errors: Math.max(0, Number(errors ?? 0)),
    denials: Math.max(0, Number(denials ?? 0)),
    p50: duration(durations?.p50),
    p95: duration(durations?.p95),
    p99: duration(durations?.p99),
    mean: duration(durations?.mean),
    bytes: Math.max(0, Number(requestBytes ?? 0) + Number(responseBytes ?? 0)),
  };
}

/** @param stepS as it was asked for: where counts are coarser, the answer says so */
export function seriesOf(answer: QueryResponseJson, stepS: number, nowS = Infinity): Series {
  const sinceS = secondsOf(answer.since);
  const untilS = secondsOf(answer.until);
  const step = Math.max(stepS, lengthOf(answer.resolution));
  const spans = spansOf({ sinceS, untilS, step, nowS }, answer);
  const groups = Map.groupBy(answer.rows ?? [], ({ values = [] }) => JSON.stringify(values));
  const rows = [...groups.values()].map((group) => rowOf(group, spans));
  return { stepS: step, spans, rows };
}

interface Frame {
  readonly sinceS: number;
  readonly untilS: number;
  readonly step: number;
  readonly nowS: number;
}

function spansOf({ sinceS, untilS, step, nowS }: Frame, answer: QueryResponseJson): readonly Span[] {
  const known = new Set((answer.spans ?? []).map(({ start }) => secondsOf(start)));
  const spans: Span[] = [];
  for (let startS = Math.floor(sinceS / step) * step; startS < untilS; startS += step) {
    const endS = startS + step;
    const coveredS = Math.min(endS, untilS) - Math.max(startS, sinceS);
    spans.push({ startS, coveredS, isKnown: known.has(startS), isOpen: endS > Math.min(untilS, nowS - DELAY_S) });
  }
  return spans;
}

function rowOf(group: readonly UsageRowJson[], spans: readonly Span[]): SeriesRow {
  const byStart = new Map(group.map(({ start, usage }) => [secondsOf(start), countedOf(usage)]));
  return {
    values: group[0]?.values ?? [],
    counted: spans.map(({ startS, isKnown }) => byStart.get(startS) ?? (isKnown ? NOTHING : undefined)),
  };
}

/** A value for each span; null, which no line goes through: nothing is known, or it has not ended. */
export function valuesOf(
  { spans }: Series,
  row: SeriesRow | undefined,
  valueOf: (counted: Counted, span: Span) => number | undefined,
): (number | null)[] {
  return spans.map((span, at) => {
    const counted = row === undefined ? (span.isKnown ? NOTHING : undefined) : row.counted[at];
    if (counted === undefined || span.isOpen || span.coveredS <= 0) return null;
    return valueOf(counted, span) ?? null;
  });
}

/** Of what is known; undefined: nothing is. */
export function averageOf(values: readonly (number | null)[] | undefined): number | undefined {
  const known = values?.filter((value) => value !== null) ?? [];
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Requests a second, of what a span counts. */
export function rateOf(count: number, { coveredS }: Span): number {
  return count / coveredS;
}

/** The values of another time, moved to the spans of this one. */
export function alignedTo(
  spans: readonly Span[],
  other: Series,
  values: readonly (number | null)[],
  shiftS: number,
): (number | null)[] {
  const byStart = new Map(other.spans.map(({ startS }, at) => [startS + shiftS, values[at] ?? null]));
  return spans.map(({ startS }) => byStart.get(startS) ?? null);
}

/** Spans one after another of which nothing is known: from and until, in seconds. */
export function gapsOf(series: Series): readonly (readonly [fromS: number, untilS: number])[] {
  const gaps: [number, number][] = [];
  for (const { startS, isKnown, isOpen } of series.spans) {
    if (isKnown || isOpen) continue;
    const last = gaps.at(-1);
    if (last !== undefined && last[1] === startS) last[1] = startS + series.stepS;
    else gaps.push([startS, startS + series.stepS]);
  }
  return gaps;
}

/** All that is known is of the point that is still being counted, as in the first minutes. */
export function isOpenAlone({ spans }: Pick<Series, 'spans'>): boolean {
  const known = spans.filter(({ isKnown }) => isKnown);
  return known.length > 0 && known.every(({ isOpen }) => isOpen);
}

export function secondsOf(moment: string | undefined): number {
  return moment === undefined ? 0 : Date.parse(moment) / 1000;
}

/** Of a `Duration` in JSON, such as `60s`. */
function lengthOf(duration: string | undefined): number {
  return duration === undefined ? 0 : Number.parseFloat(duration);
}
