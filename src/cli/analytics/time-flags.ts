import { UserError } from '../../errors.ts';
import type { Form } from '../../flags.ts';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;
/** 100 years. */
const LONGEST_MS = 3_155_760_000_000;

/** `90s`, `5m`, `24h`, `30d`, `2w`, in milliseconds; undefined: it is none of these. */
export function lengthOf(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? [];
  const ms = Number(number) * (UNIT_MS[unit] ?? Number.NaN);
  return ms > 0 && ms <= LONGEST_MS && Number.isInteger(ms) ? ms : undefined;
}

/** In milliseconds since the Unix epoch; undefined if the text is not a time. */
function momentOf(text: string): number | undefined {
  const ms = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

export const pastMoment: Form = (given) =>
  lengthOf(given) === undefined && momentOf(given) === undefined
    ? 'expected how long ago, such as 90s, 30m, 24h or 7d, or a moment such as 2026-11-28 (UTC) or 2026-11-28T12:00:00Z'
    : undefined;

export const comingMoment: Form = (given) =>
  lengthOf(given) === undefined && momentOf(given) === undefined
    ? 'expected how long from now, such as 90d, or a moment such as 2027-12-31 (UTC) or 2027-12-31T12:00:00Z'
    : undefined;

/** In RFC 3339. @param given as {@link comingMoment} takes it */
export function comingMomentText(given: string, nowMs: number): string {
  return new Date(momentOf(given) ?? nowMs + (lengthOf(given) ?? 0)).toISOString();
}

export const step: Form = (given) => {
  const ms = lengthOf(given);
  return ms === undefined || ms < 10_000 || ms % 1000 !== 0
    ? 'expected a length of at least 10s, such as 1m, 1h or 1d'
    : undefined;
};

/** In RFC 3339. @param given as {@link pastMoment} takes it */
export function momentText(given: string, nowMs: number): string {
  return new Date(momentOf(given) ?? nowMs - (lengthOf(given) ?? 0)).toISOString();
}

/** `TimeRange` in JSON. A range that ends now is sent as a length, so that only the clock of the service is used. */
export function timeRangeOf(since: string | undefined, until: string | undefined, nowMs: number): object {
  const iso = (text: string): string => momentText(text, nowMs);
  if (until === undefined) {
    const lastMs = since === undefined ? undefined : lengthOf(since);
    if (lastMs !== undefined) return { last: `${lastMs / 1000}s` };
    return since === undefined ? {} : { since: iso(since) };
  }
  if (since !== undefined && iso(since) >= iso(until)) {
    throw new UserError(`--since ${since} is not before --until ${until}`, 2);
  }
  return { until: iso(until), ...(since !== undefined && { since: iso(since) }) };
}
