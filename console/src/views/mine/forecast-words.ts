import type { ForecastJson } from '../../../../gen/ostiary/v1/usage_pb.js';

const SOON_MS = 6 * 86_400_000;

/**
 * Such as `spent Thursday 14:10 at this rate`; empty: none, since it would be a guess.
 * @param locale of the reader; undefined: the browser's
 */
export function forecastWords(
  forecast: ForecastJson | undefined,
  nowMs: number = Date.now(),
  locale?: string,
  timeZone?: string,
): string {
  switch (forecast?.kind) {
    case 'KIND_SPENT_NOW':
      return 'spent';
    case 'KIND_LASTS':
      return 'lasts until the window ends at this rate';
    case 'KIND_SPENT':
      return forecast.at === undefined
        ? ''
        : `spent ${momentWords(Date.parse(forecast.at), nowMs, locale, timeZone)} at this rate`;
    default:
      return '';
  }
}

/** `today 14:10`, `Thursday 14:10`, and with a date where that is further away. */
function momentWords(atMs: number, nowMs: number, locale?: string, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const day = (ms: number): string => new Intl.DateTimeFormat('en-CA', { dateStyle: 'short', ...zone }).format(ms);
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', ...zone }).format(atMs);
  if (day(atMs) === day(nowMs)) return `today ${time}`;
  const isSoon = atMs - nowMs < SOON_MS;
  const date = new Intl.DateTimeFormat(
    locale,
    isSoon ? { weekday: 'long', ...zone } : { dateStyle: 'medium', ...zone },
  );
  return `${date.format(atMs)} ${time}`;
}
