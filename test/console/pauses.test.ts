import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { kindsOf } from '../../console/src/api/follows.ts';
import { gathering, isAwayAfter, pauseMs } from '../../console/src/api/pauses.ts';

describe('pauses between attempts', () => {
  test('double up to twenty seconds, and are never the same for all pages', () => {
    expect([1, 2, 3, 9].map((failures) => pauseMs(failures, 1))).toEqual([500, 1000, 2000, 20_000]);
    expect([1, 2, 3, 9].map((failures) => pauseMs(failures, 0))).toEqual([250, 500, 1000, 10_000]);
  });
});

describe('a control plane', () => {
  test('is away after two failures, and not while it refuses', () => {
    expect([1, 2, 9].map((failures) => isAwayAfter(failures, 'unreachable'))).toEqual([false, true, true]);
    expect([2, 9].map((failures) => isAwayAfter(failures, undefined))).toEqual([true, true]);
    expect([2, 9].map((failures) => isAwayAfter(failures, 'permission_denied'))).toEqual([false, false]);
  });
});

describe('news that come at once', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('are told once, and a stream of them now and then', () => {
    const told: number[] = [];
    const gathered = gathering(
      () => told.push(Date.now() - begun),
      100,
      2000,
      () => Date.now(),
    );
    const begun = Date.now();
    gathered.add();
    for (let at = 0; at < 500; at++) {
      vi.advanceTimersByTime(10);
      gathered.add();
    }
    expect(told).toEqual([100, 2100, 4100]);
    gathered.end();
    vi.advanceTimersByTime(10_000);
    expect(told).toHaveLength(3);
  });
});

describe('what an answer changes with', () => {
  test('is told by what was asked for', () => {
    const path = (name: string) => ({ path: `/ostiary.v1.${name}` });
    expect(kindsOf(path('ResourceService/List'), { kinds: ['Api', 'Contract'] })).toEqual(['Api', 'Contract']);
    expect(kindsOf(path('ResourceService/List'), {})).toEqual(['*']);
    expect(kindsOf(path('ResourceService/Get'), { kind: 'Api', name: 'orders' })).toEqual(['Api']);
    expect(kindsOf(path('ResourceService/Diff'), {})).toEqual([]);
    expect(kindsOf(path('ContractService/GetContract'), {})).toEqual(['Contract']);
    expect(kindsOf(path('AnalyticsService/Query'), {})).toEqual([]);
  });
});
