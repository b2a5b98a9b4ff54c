/** Times that are looked at, as the address has them: `last=24h`, or `from=…&until=…`. */
export type Range =
  | { readonly kind: 'last'; readonly id: string; readonly lengthS: number }
  | { readonly kind: 'between'; readonly fromMs: number; readonly untilMs: number };

export const HOUR_S = 3600;
export const DAY_S = 86_400;
export const WEEK_MS = 7 * DAY_S * 1000;

export const LASTS: readonly (readonly [id: string, lengthS: number])[] = [
  ['1h', HOUR_S],
  ['6h', 6 * HOUR_S],
  ['24h', DAY_S],
  ['7d', 7 * DAY_S],
  ['30d', 30 * DAY_S],
  ['90d', 90 * DAY_S],
];
const USUAL = '24h';
const SHORTEST_MS = 60_000;

const STEPS_S = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400] as const;
const MOST_POINTS = 180;
/** How fine counts are kept: seconds for two hours, minutes for thirty days, then hours. */
const SECONDS_KEPT_S = 2 * HOUR_S;
const MINUTES_KEPT_S = 30 * DAY_S;

/** What can't be read is left out. */
export function rangeOf(address: URLSearchParams): Range {
  const [fromMs, untilMs] = [momentOf(address.get('from')), momentOf(address.get('until'))];
  if (fromMs !== undefined && untilMs !== undefined && untilMs - fromMs >= SHORTEST_MS)
    return { kind: 'between', fromMs, untilMs };
  const asked = address.get('last') ?? USUAL;
  const [id, lengthS] = LASTS.find(([each]) => each === asked) ?? [USUAL, DAY_S];
  return { kind: 'last', id, lengthS };
}

function momentOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : atMs;
}

export function lengthOf(range: Range): number {
  return range.kind === 'last' ? range.lengthS : (range.untilMs - range.fromMs) / 1000;
}

/** The query of an address. */
export function rangeQuery(range: Range): Readonly<Record<'last' | 'from' | 'until', string | undefined>> {
  if (range.kind === 'last')
    return { last: range.id === USUAL ? undefined : range.id, from: undefined, until: undefined };
  return { last: undefined, from: isoOf(range.fromMs), until: isoOf(range.untilMs) };
}

/** Without fractions of a second. */
export function isoOf(atMs: number): string {
  return new Date(Math.round(atMs / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

/** A range as a request has it. */
export function timeOf(range: Range): { readonly last: string } | { readonly since: string; readonly until: string } {
  if (range.kind === 'last') return { last: `${range.lengthS}s` };
  return { since: isoOf(range.fromMs), until: isoOf(range.untilMs) };
}

/** The length of the spans of a chart, in seconds: as many as can be told apart, and no finer than what is kept. */
export function stepOf(range: Range, nowMs: number): number {
  const beginsS = range.kind === 'last' ? range.lengthS : (nowMs - range.fromMs) / 1000;
  const finest = beginsS > MINUTES_KEPT_S ? HOUR_S : beginsS > SECONDS_KEPT_S ? 60 : 10;
  const wanted = Math.max(lengthOf(range) / MOST_POINTS, finest);
  return STEPS_S.find((step) => step >= wanted) ?? Math.ceil(wanted / DAY_S) * DAY_S;
}

/** How often a chart is asked for again, in seconds; undefined: what it shows is past. */
export function refreshOf(range: Range, stepS: number, nowMs: number): number | undefined {
  if (range.kind === 'between' && range.untilMs < nowMs - 60_000) return undefined;
  return Math.min(300, Math.max(10, stepS / 2));
}

/** A range that was chosen by dragging: whole spans, not shorter than the shortest. */
export function zoomed(fromS: number, untilS: number, stepS: number): Range {
  const from = Math.floor(fromS / stepS) * stepS;
  const until = Math.max(Math.ceil(untilS / stepS) * stepS, from + SHORTEST_MS / 1000);
  return { kind: 'between', fromMs: from * 1000, untilMs: until * 1000 };
}
