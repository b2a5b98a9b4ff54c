const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `0.25s`, `250ms`, `1m30s`: protobuf, Gateway API and our own flags. @returns undefined: it is none */
export function millisecondsOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(value)) return undefined;
  let sum = 0;
  for (const [, number = '', unit = ''] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    sum += Number(number) * (UNITS[unit] ?? 0);
  }
  return Math.round(sum);
}
