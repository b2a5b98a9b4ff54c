import { expect, test } from 'vitest';
import { EnvoyLosses } from '../../src/analytics/envoy-losses.ts';

const NOON = Date.UTC(2026, 10, 28, 12);
const MINUTE = 60_000;
const DAY = 86_400_000;

test('the Envoys that lose most are first, those that lose none are absent', () => {
  const losses = new EnvoyLosses(() => NOON);
  for (const [envoy, unreported] of [
    ['a:1', 2],
    ['b:1', 0],
    ['c:1', 7],
  ] as const)
    for (const at of [-20, -1]) losses.add({ envoy, decided: 10, unreported, startMs: NOON + at * MINUTE });
  expect(losses.between(NOON - 60 * MINUTE, NOON)).toEqual([
    { envoy: 'c:1', decided: 20, unreported: 14 },
    { envoy: 'a:1', decided: 20, unreported: 4 },
  ]);
  expect(losses.between(NOON - 5 * MINUTE, NOON)).toEqual([
    { envoy: 'c:1', decided: 10, unreported: 7 },
    { envoy: 'a:1', decided: 10, unreported: 2 },
  ]);
});

test('they are kept for a day, and within a bound: then the oldest go', () => {
  let now = NOON;
  const losses = new EnvoyLosses(() => now, 100);
  losses.add({ envoy: 'old:1', decided: 10, unreported: 1, startMs: NOON });
  now = NOON + DAY - MINUTE;
  expect(losses.between(0, now)).toHaveLength(1);
  now = NOON + DAY + 6 * MINUTE;
  expect(losses.between(0, now)).toEqual([]);
  for (let at = 0; at < 120; at += 1) {
    losses.add({ envoy: `${at}:1`, decided: 1, unreported: 1, startMs: now - (120 - at) * 5 * MINUTE });
  }
  expect(losses.between(0, now)).toHaveLength(100);
  expect(losses.between(0, now).some(({ envoy }) => envoy === '19:1')).toBe(false);
  expect(losses.between(0, now).some(({ envoy }) => envoy === '119:1')).toBe(true);
});
