import { expect, test } from 'vitest';
import { forecastOf, lookBackMs } from '../../../src/control/usage/forecast.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const STEADY = { counts: Array.from({ length: 12 }, () => 30), spanMs: 30 * MINUTE_MS };
const DAY = { maximumRequests: 1000, used: 700, endsInMs: 12 * HOUR_MS };

test('a limit that callers come up to before its window ends is spent when what is left is used at their rate', () => {
  // 360 in 6 hours: 60 an hour, and 300 are left.
  const forecast = forecastOf(DAY, DAY_MS, STEADY);
  expect(forecast).toEqual({ kind: 'spent_in', inMs: expect.closeTo(5 * HOUR_MS, -3), ratePerSecond: 1 / 60 });
});

test('a limit lasts where the window ends before that', () => {
  expect(forecastOf({ ...DAY, endsInMs: 4 * HOUR_MS }, DAY_MS, STEADY)).toEqual({
    kind: 'lasts',
    ratePerSecond: 1 / 60,
  });
});

test('a limit that is spent is no forecast', () => {
  expect(forecastOf({ ...DAY, used: 1000 }, DAY_MS, undefined)).toEqual({ kind: 'spent' });
  expect(forecastOf({ ...DAY, used: 1000 }, 1000, STEADY)).toEqual({ kind: 'spent' });
});

test.each([
  ['nothing is kept of what was', DAY, DAY_MS, undefined],
  ['no window is open', { ...DAY, endsInMs: undefined }, DAY_MS, STEADY],
  ['the window is over in a moment', DAY, MINUTE_MS, STEADY],
  ['too few were counted', DAY, DAY_MS, { ...STEADY, counts: Array.from({ length: 12 }, () => 2) }],
  ['they came in one burst', DAY, DAY_MS, { ...STEADY, counts: [0, 0, 0, 0, 0, 0, 0, 500, 0, 0, 0, 0] }],
  ['they have just begun', DAY, DAY_MS, { ...STEADY, counts: [1, 1, 1, 1, 1, 1, 50, 60, 50, 60, 50, 60] }],
  ['there were none', DAY, DAY_MS, { ...STEADY, counts: Array.from({ length: 12 }, () => 0) }],
  ['there is no span', DAY, DAY_MS, { ...STEADY, counts: [] }],
])('nothing is foretold where %s', (_why, window, windowMs, lately) => {
  expect(forecastOf(window, windowMs, lately)).toEqual({ kind: 'none' });
});

test('the longer the window, the further back its rate is taken from', () => {
  expect([MINUTE_MS, HOUR_MS, DAY_MS, 31 * DAY_MS].map(lookBackMs)).toEqual([
    15 * MINUTE_MS,
    15 * MINUTE_MS,
    6 * HOUR_MS,
    7 * DAY_MS,
  ]);
});
