// Numbers as people read them, in English and in UTC.

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const THREE_DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** `1,204,311`. */
export function whole(number: number | bigint): string {
  return WHOLE.format(number);
}

/** `99.98 %`: never `100.00 %` of what is not all, nor `0.00 %` of what is not nothing. */
export function percent(share: number): string {
  if (share > 0 && share < 0.000_05) return '< 0.01 %';
  if (share < 1 && share >= 0.999_95) return '> 99.99 %';
  return `${(share * 100).toFixed(2)} %`;
}

const TWO_DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 2 });

/** `12 %`, `6.5 %`: short, for a table where the number itself stands beside. Never `100 %` of what is not all. */
export function shortPercent(share: number): string {
  if (share > 0 && share < 0.000_1) return '< 0.01 %';
  if (share < 1 && share >= 0.995) return '> 99 %';
  return `${TWO_DIGITS.format(share * 100)} %`;
}

/** `101 µs`, `4.21 ms`, `1.3 s`; three digits. */
export function duration(ms: number): string {
  if (ms > 0 && ms < 0.999_5) return `${THREE_DIGITS.format(ms * 1000)} µs`;
  if (ms < 1000) return `${THREE_DIGITS.format(ms)} ms`;
  return `${THREE_DIGITS.format(ms / 1000)} s`;
}

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `1.2 MB`: a megabyte is a million. */
export function bytes(number: number): string {
  let [value, unit] = [number, 0];
  while (Math.abs(value) >= 999.5 && unit < BYTES.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${THREE_DIGITS.format(value)} ${BYTES[unit]}`;
}

/** Requests a second. */
export function rate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.001) return '< 0.001';
  return perSecond >= 100 ? whole(perSecond) : THREE_DIGITS.format(Number(perSecond.toFixed(3)));
}

const PERIODS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const;

/** `1 h`, `90 s`: in the longest unit that says it exactly. */
export function period(ms: number): string {
  const found = PERIODS.find(([unitMs]) => ms >= unitMs && ms % unitMs === 0);
  return found === undefined ? `${whole(ms)} ms` : `${whole(ms / found[0])} ${found[1]}`;
}

/** `2026-11-28 12:00:00`, in UTC. */
export function moment(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
