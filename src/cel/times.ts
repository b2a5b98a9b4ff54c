import type { Overload, Overloads, Prepare } from './overload.ts';
import { DURATION, TIMESTAMP } from './type.ts';
import { Duration, Timestamp } from './value.ts';
import type { Value } from './value.ts';

const SECOND = 1_000_000_000n;
const MILLISECOND = 1_000_000n;
/** 0001-01-01 and the end of 9999. */
const [FIRST, LAST] = [-62_135_596_800n * SECOND, 253_402_300_800n * SECOND - 1n];
const LONGEST = 2n ** 63n - 1n;

/** @returns undefined for a time outside the years 1 to 9999 */
export function timestamp(nanos: bigint): Timestamp | undefined {
  return nanos >= FIRST && nanos <= LAST ? new Timestamp(nanos) : undefined;
}

/** @returns undefined if the nanoseconds do not fit into 64 bits */
export function duration(nanos: bigint): Duration | undefined {
  return nanos >= -LONGEST - 1n && nanos <= LONGEST ? new Duration(nanos) : undefined;
}

/** @param ms since the Unix epoch */
export function timestampOf(ms: number): Timestamp {
  return new Timestamp(BigInt(Math.trunc(ms)) * MILLISECOND);
}

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Parses a time of RFC 3339. Undefined for any other text. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const [, whole, fraction = '', zone] = RFC_3339.exec(text) ?? [];
  const ms = whole === undefined || zone === undefined ? Number.NaN : Date.parse(`${whole}${zone}`);
  if (Number.isNaN(ms)) return undefined;
  return timestamp(BigInt(ms) * MILLISECOND + BigInt(fraction.padEnd(9, '0')));
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  ms: MILLISECOND,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
};

const PARTS = /(?:(\d+)(?:\.(\d*))?|\.(\d+))(ns|us|µs|ms|s|m|h)/y;

/** Parses a duration such as `1h30m` or `-1.5s`. Undefined for any other text. */
export function parseDuration(text: string): Duration | undefined {
  if (text.length > 64) return undefined;
  if (/^[+-]?0$/.test(text)) return new Duration(0n);
  const isNegative = text.startsWith('-');
  let at = /^[+-]/.test(text) ? 1 : 0;
  if (at === text.length) return undefined;
  let nanos = 0n;
  while (at < text.length) {
    PARTS.lastIndex = at;
    const match = PARTS.exec(text);
    if (match === null) return undefined;
    const [all, whole = '0', fraction = match[3] ?? '', , unit = ''] = match;
    const factor = UNITS[unit] ?? 0n;
    nanos +=
      BigInt(whole) * factor + (BigInt(fraction === '' ? '0' : fraction) * factor) / 10n ** BigInt(fraction.length);
    at += all.length;
  }
  return duration(isNegative ? -nanos : nanos);
}

export function timestampText({ nanos }: Timestamp): string {
  const rest = belowSecond(nanos);
  const whole = new Date(Number((nanos - rest) / MILLISECOND)).toISOString().slice(0, 19);
  return `${whole}${fractionText(rest)}Z`;
}

export function durationText({ nanos }: Duration): string {
  const size = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? '-' : ''}${size / SECOND}${fractionText(size % SECOND)}s`;
}

/** Fractions of a second have no, three, six or nine digits, as in protobuf's JSON. */
function fractionText(nanos: bigint): string {
  if (nanos === 0n) return '';
  const digits = String(nanos).padStart(9, '0');
  return `.${digits.replace(/(?:000){1,2}$/, '')}`;
}

interface Parts {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly date: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

type Zone = (ms: number) => Parts;

const utc: Zone = (ms) => {
  const date = new Date(ms);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    date: date.getUTCDate(),
    hours: date.getUTCHours(),
    minutes: date.getUTCMinutes(),
    seconds: date.getUTCSeconds(),
  };
};

const OFFSET = /^([+-]?)(\d\d):(\d\d)$/;

/** A time zone by its name in the IANA database, or an offset such as `+02:00`; undefined where there is none. */
function zoneOf(name: string): Zone | undefined {
  const [, sign, hours, minutes] = OFFSET.exec(name) ?? [];
  if (hours !== undefined) {
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
    return (ms) => utc(ms + offset);
  }
  let format: Intl.DateTimeFormat;
  try {
    const numeric = 'numeric';
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    });
  } catch {
    return undefined;
  }
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return { year, month: month - 1, date: day, hours: hour, minutes: minute, seconds: second };
  };
}

const DAY_MS = 86_400_000;

const PARTS_OF_TIME: Readonly<Record<string, (parts: Parts) => number>> = {
  getFullYear: ({ year }) => year,
  getMonth: ({ month }) => month,
  getDate: ({ date }) => date,
  getDayOfMonth: ({ date }) => date - 1,
  getDayOfWeek: ({ year, month, date }) => new Date(Date.UTC(year, month, date)).getUTCDay(),
  getDayOfYear: ({ year, month, date }) => (Date.UTC(year, month, date) - Date.UTC(year, 0, 1)) / DAY_MS,
  getHours: ({ hours }) => hours,
  getMinutes: ({ minutes }) => minutes,
  getSeconds: ({ seconds }) => seconds,
};

/** Correct for times before 1970 too. */
function belowSecond(nanos: bigint): bigint {
  return ((nanos % SECOND) + SECOND) % SECOND;
}

function partIn(zone: Zone, part: (parts: Parts) => number): (value: Value) => Value {
  return (value) => {
    const { nanos } = value as Timestamp;
    return BigInt(part(zone(Number((nanos - belowSecond(nanos)) / MILLISECOND))));
  };
}

const ofDuration = (unit: bigint): readonly Overload[] => [
  { isMethod: true, args: [DURATION], result: 'int', call: ({ nanos }: Duration) => nanos / unit },
];

const DURATION_PARTS: Readonly<Record<string, readonly Overload[]>> = {
  getHours: ofDuration(3600n * SECOND),
  getMinutes: ofDuration(60n * SECOND),
  getSeconds: ofDuration(SECOND),
};

function ofTime(name: string, part: (parts: Parts) => number): readonly Overload[] {
  const inUtc = partIn(utc, part);
  const plain: Overload = { isMethod: true, args: [TIMESTAMP], result: 'int', call: (value: Value) => inUtc(value) };
  // The zone is a constant, so only prepared functions call this.
  const zoned: Overload = { isMethod: true, args: [TIMESTAMP, 'string'], result: 'int', call: () => undefined };
  return [plain, zoned, ...(DURATION_PARTS[name] ?? [])];
}

export const TIME_OVERLOADS: Overloads = {
  ...Object.fromEntries(Object.entries(PARTS_OF_TIME).map(([name, part]) => [name, ofTime(name, part)])),
  getMilliseconds: [
    {
      isMethod: true,
      args: [TIMESTAMP],
      result: 'int',
      call: ({ nanos }: Timestamp) => belowSecond(nanos) / MILLISECOND,
    },
    { isMethod: true, args: [DURATION], result: 'int', call: ({ nanos }: Duration) => (nanos % SECOND) / MILLISECOND },
  ],
};

export const TIME_PREPARED: Readonly<Record<string, Prepare>> = Object.fromEntries(
  Object.entries(PARTS_OF_TIME).map(([name, part]): [string, Prepare] => [
    name,
    (constants, fault) => {
      if (constants.length < 2) return undefined;
      const zone = constants[1];
      if (typeof zone !== 'string') return fault('the time zone is written out, as in "Europe/Berlin" or "+02:00"');
      const found = zoneOf(zone);
      return found === undefined
        ? fault(`there is no time zone ${JSON.stringify(zone)}`)
        : { call: partIn(found, part) };
    },
  ]),
);
