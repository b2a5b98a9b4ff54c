const COUNT = new Intl.NumberFormat(undefined);
const SHORT = new Intl.NumberFormat(undefined, { notation: 'compact', maximumSignificantDigits: 3 });
const FEW = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const PERCENT = new Intl.NumberFormat(undefined, { style: 'percent', maximumSignificantDigits: 3 });
const CHANGE = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const NEARLY_ALL = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 2 });
const NONE = '–';

/** `1,204,331` */
export function whole(value: number): string {
  return COUNT.format(Math.round(value));
}

/** `1.2M` */
export function short(value: number): string {
  return Math.abs(value) < 10_000 ? whole(value) : SHORT.format(value);
}

/** `0.42/s`, `1.2K/s` */
export function perSecond(value: number | null | undefined): string {
  if (value === undefined || value === null) return NONE;
  if (value === 0) return '0/s';
  // Of what is seldom, minutes and hours say more.
  if (value < 0.02) return `${FEW.format(value * 3600)}/h`;
  if (value < 1) return `${FEW.format(value * 60)}/min`;
  return `${value < 1000 ? FEW.format(value) : SHORT.format(value)}/s`;
}

/** `0.42 %`, never rounded to all or nothing that it is not. */
export function percent(share: number | null | undefined): string {
  if (share === undefined || share === null || !Number.isFinite(share)) return NONE;
  if (share > 0 && share < 0.0001) return `< ${PERCENT.format(0.0001)}`;
  if (share > 0.9 && share < 1) return NEARLY_ALL.format(Math.min(0.9999, Math.floor(share * 10_000) / 10_000));
  return PERCENT.format(share);
}

export function shareOf(part: number, count: number): number | undefined {
  return count > 0 ? part / count : undefined;
}

/** `850 µs`, `12.3 ms`, `1.07 s` */
export function duration(ms: number | null | undefined): string {
  if (ms === undefined || ms === null) return NONE;
  if (ms === 0) return '0 ms';
  if (ms < 1) return `${FEW.format(ms * 1000)} µs`;
  return ms < 1000 ? `${FEW.format(ms)} ms` : `${FEW.format(ms / 1000)} s`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3));
  return `${FEW.format(value / 1000 ** power)} ${UNITS[power]}`;
}

/** `+4.2 %`; undefined: there was nothing before. */
export function change(now: number | undefined, before: number | undefined): string | undefined {
  if (now === undefined || before === undefined || before === 0) return undefined;
  const share = Math.round((now / before - 1) * 1000) / 1000;
  return `${share > 0 ? '+' : share < 0 ? '−' : '±'}${CHANGE.format(Math.abs(share))}`;
}

const PERIODS: readonly (readonly [name: string, lengthS: number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** `5 minutes`, `1 hour`, `90 minutes` */
export function period(lengthS: number): string {
  const [name = 'second', each = 1] = PERIODS.find(([, unit]) => lengthS >= unit && lengthS % unit === 0) ?? [];
  const count = lengthS / each;
  return `${FEW.format(count)} ${name}${count === 1 ? '' : 's'}`;
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const TIME_SECONDS = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY_TIME = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });

/** A span, in the reader's zone: `28 Nov, 14:05 – 14:10`. */
export function spanText(startS: number, lengthS: number): string {
  const [from, until] = [new Date(startS * 1000), new Date((startS + lengthS) * 1000)];
  if (lengthS >= 86_400) return `${DAY.format(from)} – ${DAY.format(until)}`;
  const end = lengthS < 60 ? TIME_SECONDS : TIME;
  const begin = lengthS < 60 ? `${DAY.format(from)}, ${TIME_SECONDS.format(from)}` : DAY_TIME.format(from);
  return `${begin} – ${(from.getDate() === until.getDate() ? end : DAY_TIME).format(until)}`;
}
