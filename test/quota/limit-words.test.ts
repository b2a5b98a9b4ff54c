import { expect, test } from 'vitest';
import { limitsInWords, windowInWords } from '../../src/quota/limit-words.ts';

const limit = (maximumRequests: number, timePeriodInMilliseconds: number, calendar = '', timeZone = '') => {
  return { maximumRequests, timePeriodInMilliseconds, calendar, timeZone };
};
const DAY_MS = 86_400_000;

test.each([
  [[], 'unlimited'],
  [[limit(1, 1000)], '1 request a second'],
  [[limit(10_000, DAY_MS), limit(100, 1000)], '100 requests a second and 10,000 a day'],
  [[limit(5, 3_600_000)], '5 requests an hour'],
  [[limit(100, 10_000)], '100 requests every 10 seconds'],
  [[limit(1, 1500)], '1 request every 1,500 milliseconds'],
  [[limit(90_000, 31 * DAY_MS, 'month', 'UTC')], '90,000 requests a month'],
  [[limit(90_000, 31 * DAY_MS)], '90,000 requests every 31 days'],
  [[limit(0, 1000)], 'no requests a second'],
  [[limit(1, 1000), limit(2, 60_000), limit(0, DAY_MS)], '1 request a second, 2 a minute and none a day'],
])('%j are %s', (limits, words) => {
  expect(limitsInWords(limits)).toBe(words);
});

test.each([
  ['', '', 'from the first request on'],
  ['day', 'Europe/Berlin', 'from midnight, Europe/Berlin'],
  ['hour', '', 'by the clock, UTC'],
])('a window of %j begins %s', (calendar, timeZone, words) => {
  expect(windowInWords({ calendar, timeZone })).toBe(words);
});
