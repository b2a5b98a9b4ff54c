import { expect, test } from 'vitest';
import { receiptText } from '../../console/src/parts/receipt.tsx';
import { limitsText } from '../../console/src/views/api/limits.ts';
import { forecastWords } from '../../console/src/views/mine/forecast-words.ts';
import { stepsOf } from '../../console/src/views/mine/history.tsx';

const NOW_MS = Date.parse('2026-11-24T09:00:00Z');
const words = (at: string) => forecastWords({ kind: 'KIND_SPENT', at }, NOW_MS, 'en-GB', 'Europe/Berlin');

test('a forecast names the day as people do', () => {
  expect(words('2026-11-26T13:10:00Z')).toBe('spent Thursday 14:10 at this rate');
  expect(words('2026-11-24T13:10:00Z')).toBe('spent today 14:10 at this rate');
  expect(words('2026-12-10T13:10:00Z')).toBe('spent 10 Dec 2026 14:10 at this rate');
});

test('what would be a guess is not told', () => {
  expect(forecastWords(undefined)).toBe('');
  expect(forecastWords({})).toBe('');
  expect(forecastWords({ kind: 'KIND_SPENT_NOW' })).toBe('spent');
  expect(forecastWords({ kind: 'KIND_LASTS' })).toBe('lasts until the window ends at this rate');
});

test('limits in protobuf’s JSON are told in words', () => {
  const day = { maximumRequests: '10000', timePeriodInMilliseconds: '86400000', calendar: 'day' };
  expect(limitsText([{ maximumRequests: '100', timePeriodInMilliseconds: '1000' }, day])).toBe(
    '100 requests a second and 10,000 a day',
  );
  expect(limitsText(undefined)).toBe('unlimited');
});

test('a receipt is told in words', () => {
  expect(receiptText(3, 0, 0)).toBe('Enforced by all 3 sidecars.');
  expect(receiptText(1, 1, 1)).toBe('Enforced by 1 of 3 sidecars, 1 can’t be reached.');
  expect(receiptText(0, 0, 0)).toMatch(/No sidecar follows/);
});

test('the history of a contract has the latest first', () => {
  const steps = stepsOf({
    requested: { by: 'user:zoe', at: '1', reason: 'why' },
    decided: { what: 'approved', by: 'user:olga', at: '2' },
    change: { tier: 'gold', request: { by: 'user:zoe', at: '3', approvals: [{ by: 'user:olga', at: '4' }] } },
    missingApprovals: 1,
  });
  expect(steps.map(({ what, at }) => [what, at])).toEqual([
    ['Waits for an approval', undefined],
    ['One approval', '4'],
    ['Tier gold asked for', '3'],
    ['Approved', '2'],
    ['Requested', '1'],
  ]);
});
