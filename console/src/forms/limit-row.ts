import type { FormNode } from './node.ts';
import { isRecord } from './node.ts';

/** Periods that one chooses by name; any other is written in milliseconds. */
export const PERIODS: readonly (readonly [value: string, words: string])[] = [
  ['1000', 'a second'],
  ['60000', 'a minute'],
  ['3600000', 'an hour'],
  ['86400000', 'a day'],
  ['604800000', 'a week'],
  ['minute', 'each calendar minute'],
  ['hour', 'each calendar hour'],
  ['day', 'each calendar day'],
  ['week', 'each calendar week'],
  ['month', 'each calendar month'],
];
export const OTHER = 'other';

/** Whether a form node is that of a list of limits: it is shown a line a limit. */
export function isLimits(node: FormNode): boolean {
  if (node.kind !== 'list' || node.item.kind !== 'group') return false;
  const names = new Set(node.item.fields.map(({ name }) => name));
  return ['maximumRequests', 'timePeriodInMilliseconds', 'calendar'].every((name) => names.has(name));
}

/** The period of a limit as one chooses it. */
export function periodOf(limit: unknown): string {
  if (!isRecord(limit)) return OTHER;
  const { calendar, timePeriodInMilliseconds } = limit;
  const value = String(
    calendar === undefined ? Number(timePeriodInMilliseconds) : JSON.stringify(calendar).slice(1, -1),
  );
  return PERIODS.some(([each]) => each === value) ? value : OTHER;
}

/** A limit with another period; what else it says stays. */
export function withPeriod(limit: unknown, period: string): Readonly<Record<string, unknown>> {
  const { calendar: _, timePeriodInMilliseconds: before, timeZone, ...rest } = isRecord(limit) ? limit : {};
  if (period === OTHER) return { ...rest, timePeriodInMilliseconds: typeof before === 'number' ? before + 1 : 10_000 };
  if (/^\d+$/.test(period)) return { ...rest, timePeriodInMilliseconds: Number(period) };
  return { ...rest, calendar: period, ...(timeZone !== undefined && { timeZone }) };
}
