import type { CalendarPeriod } from './limit.ts';

// Where calendar windows begin and end. A boundary is the first instant whose label (such as the local date) differs.
// This is right even if the clocks change, or a day has no midnight. Boundaries are found by bisection and kept until
// they pass.

const LONGEST_MS: Readonly<Record<CalendarPeriod['unit'], number>> = {
  minute: 60_000,
  hour: 3_600_000,
  // Clocks change by two hours in Antarctica/Troll.
  day: 26 * 3_600_000,
  week: 7 * 86_400_000 + 2 * 3_600_000,
  month: 31 * 86_400_000 + 2 * 3_600_000,
};

/** The usual length of a calendar window; 31 days for a month. */
export const CALENDAR_MS: Readonly<Record<CalendarPeriod['unit'], number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 31 * 86_400_000,
};

const LABEL: Readonly<Record<CalendarPeriod['unit'], Intl.DateTimeFormatOptions>> = {
  minute: { dateStyle: 'short', timeStyle: 'long' },
  // When the clocks go back, two hours have the same name; the offset from UTC distinguishes them.
  hour: { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', timeZoneName: 'longOffset' },
  day: { year: 'numeric', month: 'numeric', day: 'numeric' },
  week: { year: 'numeric', month: 'numeric', day: 'numeric' },
  month: { year: 'numeric', month: 'numeric' },
};

interface Calendar {
  readonly label: (ms: number) => string;
  /** The start of the present window, its end, and the ends of the two after it. */
  boundaries: readonly [number, number, number, number];
}

const calendars = new Map<string, Calendar>();

/**
 * The start of the window that holds `nowMs`, its end, and the ends of the two windows after it:
 * milliseconds since the Unix epoch.
 * @throws RangeError if the time zone is unknown
 */
export function calendarBoundaries(period: CalendarPeriod, nowMs: number): Calendar['boundaries'] {
  const name = calendarName(period);
  let calendar = calendars.get(name);
  if (calendar === undefined) {
    calendar = { label: labels(period), boundaries: [0, 0, 0, 0] };
    calendars.set(name, calendar);
  }
  const [start, end] = calendar.boundaries;
  if (nowMs < start || nowMs >= end) calendar.boundaries = around(calendar.label, LONGEST_MS[period.unit], nowMs);
  return calendar.boundaries;
}

/** Such as `day@Europe/Berlin`. */
export function calendarName({ unit, timeZone }: CalendarPeriod): string {
  return `${unit}@${timeZone}`;
}

/** @throws RangeError if the time zone is unknown */
export function checkTimeZone(timeZone: string): void {
  void new Intl.DateTimeFormat('en', { timeZone });
}

function labels({ unit, timeZone }: CalendarPeriod): (ms: number) => string {
  // Offsets are whole minutes: a minute begins at the same instant everywhere.
  if (unit === 'minute') return (ms) => String(Math.floor(ms / 60_000));
  const format = new Intl.DateTimeFormat('en', { ...LABEL[unit], timeZone });
  return unit === 'week' ? (ms) => String(weekOf(format.formatToParts(ms))) : (ms) => format.format(ms);
}

/** Whole weeks from Monday to Sunday, counted from the one that 1970-01-01, a Thursday, is in. */
function weekOf(parts: readonly Intl.DateTimeFormatPart[]): number {
  const valueOf = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const days = Date.UTC(valueOf('year'), valueOf('month') - 1, valueOf('day')) / 86_400_000;
  return Math.floor((days + 3) / 7);
}

function around(label: Calendar['label'], longestMs: number, nowMs: number): Calendar['boundaries'] {
  const end = change(label, Math.floor(nowMs), longestMs);
  const next = change(label, end, longestMs);
  const start = -changeBefore(label, Math.floor(nowMs), longestMs);
  return [start, end, next, change(label, next, longestMs)];
}

/** The first millisecond after `from` that has another label. */
function change(label: Calendar['label'], from: number, longestMs: number): number {
  const here = label(from);
  let same = from;
  let other = from + longestMs + 1;
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (label(middle) === here) same = middle;
    else other = middle;
  }
  return other;
}

/** The negative of the first millisecond with the label of `from`: the search runs backwards on negative time. */
function changeBefore(label: Calendar['label'], from: number, longestMs: number): number {
  return change((ms) => label(-ms), -from, longestMs) - 1;
}
