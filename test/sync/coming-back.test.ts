import { expect, it } from 'vitest';
import { comingBackMs } from '../../src/sync/coming-back.ts';

it('is soon for a minute, however often it failed, and then ever later', () => {
  const pauses = (awayMs: number): readonly number[] =>
    [1, 2, 3, 4, 10, 1000].map((failures) => comingBackMs({ failures, awayMs }, 1));
  expect(pauses(59_999)).toEqual([200, 400, 800, 1000, 1000, 1000]);
  expect(pauses(60_000)).toEqual([200, 400, 800, 1600, 15_000, 15_000]);
});

it('is spread over half of its time', () => {
  expect(comingBackMs({ failures: 9, awayMs: 0 }, 0)).toBe(500);
  expect(comingBackMs({ failures: 9, awayMs: 0 }, 0.5)).toBe(750);
});
