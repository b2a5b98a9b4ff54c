import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { rateHeaders, retryAfter } from '../../src/quota/rate-headers.ts';
import type { WindowState } from '../../src/quota/store.ts';
import { decision } from '../envoy/decision.arbitrary.ts';

function window(
  maximumRequests: number,
  periodMs: number,
  remaining: number,
  resetMs: number,
  name?: string,
): WindowState {
  const limit = { maximumRequests, timePeriodInMilliseconds: periodMs };
  return { limit: name === undefined ? limit : { ...limit, name }, remaining, resetMs };
}

test('the headers are those of the draft for its own example', () => {
  const windows = [window(100, 60_000, 50, 30_000, 'burst'), window(50_000, 86_400_000, 49_000, 80_000_000, 'daily')];
  expect(rateHeaders(windows)).toEqual([
    ['x-ratelimit-limit', '100'],
    ['x-ratelimit-remaining', '50'],
    ['x-ratelimit-reset', '30000'],
    ['ratelimit-policy', '"burst";q=100;w=60,"daily";q=50000;w=86400'],
    ['ratelimit', '"burst";r=50;t=30'],
  ]);
});

test('of an admission the window with the fewest units left is told, of equal ones the one that ends last', () => {
  expect(Object.fromEntries(rateHeaders([window(10, 1000, 5, 10), window(20, 1000, 4, 20)]))['x-ratelimit-limit']).toBe(
    '20',
  );
  expect(Object.fromEntries(rateHeaders([window(10, 1000, 5, 10), window(20, 1000, 5, 20)]))['x-ratelimit-limit']).toBe(
    '20',
  );
});

test('of a refusal the window is told that refuses for longest', () => {
  const windows = [window(10, 1000, 0, 400, 'a'), window(99, 1e6, 2, 90_000, 'b'), window(5, 9e6, 3, 9_000_000, 'c')];
  expect(Object.fromEntries(rateHeaders(windows, 1)).ratelimit).toBe('"a";r=0;t=1');
  expect(Object.fromEntries(rateHeaders(windows, 3)).ratelimit).toBe('"b";r=2;t=90');
  expect(retryAfter(windows, 3)).toEqual(['retry-after', '90']);
});

test('limits without a name are named by their place, and no name is used twice', () => {
  const windows = [
    window(1, 1000, 1, 1),
    window(2, 500, 2, 2, 'x'),
    window(3, 1000, 3, 3, 'x'),
    window(4, 1, 4, 4, 'limit-1'),
  ];
  expect(Object.fromEntries(rateHeaders(windows))['ratelimit-policy']).toBe(
    '"limit-1";q=1;w=1,"x";q=2;w=1,"x-2";q=3;w=1,"limit-1-2";q=4;w=1',
  );
});

test('names are quoted as structured fields want it', () => {
  const policy = Object.fromEntries(rateHeaders([window(1, 1000, 1, 1, 'a"b\\cé\n')]))['ratelimit-policy'];
  expect(policy).toBe('"a\\"b\\\\c??";q=1;w=1');
});

test('without a window there are no headers, and a refusal still says when to retry', () => {
  expect(rateHeaders([])).toEqual([]);
  expect(retryAfter([], 1)).toEqual(['retry-after', '1']);
});

test('whatever the windows, the headers agree with each other and keep to the integers of structured fields', () => {
  const property = fc.property(decision, fc.nat(), ({ exposed }, cost) => {
    const headers = Object.fromEntries(rateHeaders(exposed, cost));
    if (exposed.length === 0) return;
    const [, remaining, t] = /;r=(\d{1,15});t=(\d{1,15})$/.exec(headers.ratelimit ?? '') ?? [];
    expect(t).toBe(String(Math.max(1, Math.ceil(Number(headers['x-ratelimit-reset']) / 1000))));
    expect(Number(remaining)).toBe(Math.min(Number(headers['x-ratelimit-remaining']), 999_999_999_999_999));
    expect(retryAfter(exposed, cost)[1]).toBe(t);
    for (const value of Object.values(headers)) expect(value).toMatch(/^[\x20-\x7e]+$/);
    expect(headers['ratelimit-policy']).toMatch(/^("([^"\\]|\\["\\])*";q=\d{1,15};w=\d{1,15}(,|$))+$/);
  });
  fc.assert(property, { numRuns: 500 });
});
