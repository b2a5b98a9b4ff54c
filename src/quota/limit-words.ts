// What a limit is, as people say it: for command lines and for pages.

export interface LimitInWords {
  readonly maximumRequests: number;
  readonly timePeriodInMilliseconds: number;
  /** The window begins where the calendar says; empty: with its first request. */
  readonly calendar: string;
  readonly timeZone: string;
}

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const UNITS: readonly (readonly [ms: number, one: string])[] = [
  [7 * 86_400_000, 'week'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
];

/** `100 requests a second and 10,000 a day`. */
export function limitsInWords(limits: readonly LimitInWords[]): string {
  if (limits.length === 0) return 'unlimited';
  const parts = limits
    .toSorted((a, b) => a.timePeriodInMilliseconds - b.timePeriodInMilliseconds)
    .map((limit, at) => `${amountOf(limit.maximumRequests, at === 0)} ${periodOf(limit)}`);
  const last = parts.pop() ?? '';
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

/** One of several, by itself: `10,000 requests a day`. */
export function limitInWords(limit: LimitInWords): string {
  return limitsInWords([limit]);
}

function amountOf(requests: number, isFirst: boolean): string {
  const amount = requests === 0 ? 'no' : WHOLE.format(requests);
  if (!isFirst) return requests === 0 ? 'none' : amount;
  return `${amount} ${requests === 1 ? 'request' : 'requests'}`;
}

function periodOf({ calendar, timePeriodInMilliseconds: ms }: LimitInWords): string {
  if (calendar !== '') return `${calendar === 'hour' ? 'an' : 'a'} ${calendar}`;
  const [unitMs, unit] = UNITS.find(([length]) => ms >= length && ms % length === 0) ?? [1, 'millisecond'];
  const count = ms / unitMs;
  if (count === 1) return `${unit === 'hour' ? 'an' : 'a'} ${unit}`;
  return `every ${WHOLE.format(count)} ${unit}s`;
}

/** When a window begins: `from midnight, Europe/Berlin`. */
export function windowInWords({ calendar, timeZone }: Pick<LimitInWords, 'calendar' | 'timeZone'>): string {
  if (calendar === '') return 'from the first request on';
  const begins: Readonly<Record<string, string>> = {
    day: 'from midnight',
    week: 'from Monday',
    month: 'from the first of the month',
  };
  const begin = begins[calendar] ?? `by the clock`;
  return `${begin}, ${timeZone === '' ? 'UTC' : timeZone}`;
}
