import { isRecord } from './node.ts';
import { spanWords } from './labels.ts';

/** A limit as documents have it. */
export interface LimitWritten {
  readonly maximumRequests?: number;
  readonly timePeriodInMilliseconds?: number;
  readonly calendar?: string;
  readonly timeZone?: string;
}

/** `100 requests a second`, `10,000 a day`, `50 in 10 seconds`, `5,000 each calendar month (Europe/Berlin)`. */
export function limitWords(limit: LimitWritten, what = 'requests'): string {
  const { calendar, maximumRequests = 0, timePeriodInMilliseconds = 0, timeZone } = limit;
  const count = `${maximumRequests.toLocaleString('en')}${what === '' ? '' : ` ${maximumRequests === 1 ? what.replace(/s$/, '') : what}`}`;
  if (calendar !== undefined) {
    const zone = timeZone === undefined || timeZone === 'UTC' ? '' : ` (${timeZone})`;
    return `${count} each calendar ${calendar}${zone}`;
  }
  const span = spanWords(timePeriodInMilliseconds);
  if (!span.startsWith('1 ')) return `${count} in ${span}`;
  const unit = span.slice(2);
  return `${count} ${unit === 'hour' ? 'an' : 'a'} ${unit}`;
}

/** All limits of a tier in a sentence: `100 requests a second and 10,000 a day`; `no limit`. */
export function limitsWords(limits: unknown): string {
  if (limits === 'unlimited') return 'no limit';
  if (!Array.isArray(limits) || limits.length === 0) return 'no limit';
  const words = limits.filter(isRecord).map((each, at) => limitWords(each, at === 0 ? 'requests' : ''));
  const last = words.pop() ?? '';
  return words.length === 0 ? last : `${words.join(', ')} and ${last}`;
}
