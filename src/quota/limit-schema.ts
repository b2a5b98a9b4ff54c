import { z } from 'zod';
import { CALENDAR_MS, checkTimeZone } from './calendar.ts';
import type { Limit } from './limit.ts';

const count = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

const UNLIMITED = 'unlimited';

const limitSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a name has letters, digits, dots, dashes and underscores')
      .optional()
      .describe('Named in the RateLimit headers'),
    maximumRequests: z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe('Units in one window; 0: no request passes'),
    timePeriodInMilliseconds: count.optional().describe('Length of a window, from its first hit'),
    calendar: z
      .enum(['minute', 'hour', 'day', 'week', 'month'])
      .optional()
      .describe('In place of timePeriodInMilliseconds: windows that begin where the calendar says'),
    timeZone: z.string().optional().describe('Of a calendar window, such as Europe/Berlin; default UTC'),
  })
  .superRefine(({ timePeriodInMilliseconds, calendar, timeZone }, context) => {
    const fault = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (calendar === undefined && timePeriodInMilliseconds === undefined) {
      fault('timePeriodInMilliseconds', 'is missing; say timePeriodInMilliseconds or calendar');
    }
    if (calendar !== undefined && timePeriodInMilliseconds !== undefined) {
      fault('calendar', 'excludes timePeriodInMilliseconds; remove one of the two');
    }
    if (timeZone === undefined) return;
    if (calendar === undefined) fault('timeZone', 'has no effect without calendar; remove it or add calendar');
    try {
      checkTimeZone(timeZone);
    } catch {
      fault('timeZone', `${JSON.stringify(timeZone)} is not a time zone; write an IANA name such as Europe/Berlin`);
    }
  });

/** The limits of a tier or of `rateLimits`, as documents write them. {@link limitsOf} makes them Limits. */
export const limitsSchema = z
  .array(limitSchema)
  .min(1)
  .superRefine((list, context) => {
    unique(list, 'name', ({ name }) => name, 'another limit has this name', context);
    unique(
      list,
      'timePeriodInMilliseconds',
      ({ timePeriodInMilliseconds }) => timePeriodInMilliseconds,
      'another limit has this period: the smaller of the two is enough',
      context,
    );
    unique(
      list,
      'calendar',
      ({ calendar, timeZone = 'UTC' }) => calendar && `${calendar} ${timeZone}`,
      'another limit has this calendar: the smaller of the two is enough',
      context,
    );
  });

/** The same, or the text that there is no limit. */
export const limitsOrUnlimited = z.union([limitsSchema, z.literal(UNLIMITED)]);

type Written = z.infer<typeof limitSchema>;

function unique(
  list: readonly Written[],
  field: string,
  valueOf: (limit: Written) => unknown,
  message: string,
  context: z.RefinementCtx,
): void {
  const seen = new Set<unknown>();
  list.forEach((limit, index) => {
    const value = valueOf(limit);
    if (value !== undefined && seen.has(value)) context.addIssue({ code: 'custom', path: [index, field], message });
    seen.add(value);
  });
}

/** Empty if there is no limit. */
export function limitsOf(written: readonly Written[] | typeof UNLIMITED): readonly Limit[] {
  return written === UNLIMITED ? [] : written.map(limitOf);
}

function limitOf(written: Written): Limit {
  const { name, maximumRequests, timePeriodInMilliseconds, calendar, timeZone } = written;
  const named = name === undefined ? {} : { name };
  if (calendar === undefined) {
    return { ...named, maximumRequests, timePeriodInMilliseconds: timePeriodInMilliseconds ?? 1 };
  }
  return {
    ...named,
    maximumRequests,
    timePeriodInMilliseconds: CALENDAR_MS[calendar],
    calendar: { unit: calendar, timeZone: timeZone ?? 'UTC' },
  };
}
