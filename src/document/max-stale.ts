import { z } from 'zod';

/** The control plane is heard every 10 s. */
const LEAST_STALE_MS = 15_000;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @returns undefined: it is no duration of at least 15 s, such as `90s`, `1h` or `7d` */
export function maxStaleMsOf(given: string): number | undefined {
  const [, number, unit = ''] = /^(\d{1,6})([smhd])$/.exec(given) ?? [];
  const ms = Number(number) * (UNITS_MS[unit] ?? 0);
  return ms >= LEAST_STALE_MS ? ms : undefined;
}

/** How long an API is served after the control plane was last heard. */
export const maxStale = z.string().refine((given) => maxStaleMsOf(given) !== undefined, {
  error: 'expected a duration of at least 15s, such as 90s, 1h or 7d',
});
