import type { Moment } from '../clock.ts';
import { calendarBoundaries, calendarName } from './calendar.ts';
import type { Limit } from './limit.ts';

// A counter is one key of callers under one policy; it has a window for each of its limits. A window is named by its
// length and not by its maximum, so that a limit that is raised or lowered continues in the open window. Two limits of
// the same length have separate windows.

const namesByLimits = new WeakMap<readonly Limit[], readonly string[]>();

/** One name a limit, in their order, unique within the list: `60000`, `day@Europe/Berlin`, `60000#2`. */
export function windowNames(limits: readonly Limit[]): readonly string[] {
  const known = namesByLimits.get(limits);
  if (known !== undefined) return known;
  const seen = new Map<string, number>();
  const names = limits.map((limit) => {
    const name = windowName(limit);
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}#${times}`;
  });
  namesByLimits.set(limits, names);
  return names;
}

function windowName({ calendar, timePeriodInMilliseconds }: Limit): string {
  return calendar === undefined ? String(timePeriodInMilliseconds) : calendarName(calendar);
}

/** How long a window that opens now would last, in milliseconds. */
export function wholePeriodMs({ calendar, timePeriodInMilliseconds }: Limit, now: Pick<Moment, 'wall'>): number {
  return calendar === undefined ? timePeriodInMilliseconds : calendarBoundaries(calendar, now.wall)[1] - now.wall;
}

/** Whether both are equal, so that windows and leases of one are valid for the other. */
export function sameLimits(a: readonly Limit[], b: readonly Limit[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  const names = windowNames(b);
  return windowNames(a).every((name, i) => name === names[i] && a[i]?.maximumRequests === b[i]?.maximumRequests);
}
