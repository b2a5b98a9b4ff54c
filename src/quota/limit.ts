/** Windows that begin where the calendar says, in a time zone. */
export interface CalendarPeriod {
  /** A week begins on Monday (ISO 8601). */
  readonly unit: 'minute' | 'hour' | 'day' | 'week' | 'month';
  /** An IANA name such as `Europe/Berlin`, or `UTC`. */
  readonly timeZone: string;
}

/** A maximum of units in a window of a given length. */
export interface Limit {
  /** The name in the `RateLimit-Policy` header; absent: derived from its position. */
  readonly name?: string;
  /** 0 to 2^53 − 1; with 0 no request passes, and no store is asked. */
  readonly maximumRequests: number;
  /** Milliseconds, 1 to 2^53 − 1. For a calendar window the usual length: 31 days for a month. */
  readonly timePeriodInMilliseconds: number;
  /** Absent: the window opens at its first hit. */
  readonly calendar?: CalendarPeriod;
}
