import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import { calendarBoundaries, checkTimeZone } from '../../src/quota/calendar.ts';
import type { Limit } from '../../src/quota/limit.ts';
import { freshDemand } from './behaviour.ts';

const at = (iso: string): number => Date.parse(iso);
const iso = (boundaries: readonly number[]): string[] => boundaries.map((ms) => new Date(ms).toISOString());

describe('calendar windows', () => {
  it.each([
    ['minute', 'UTC', '2026-11-21T10:15:30.5Z', '2026-11-21T10:15:00.000Z', '2026-11-21T10:16:00.000Z'],
    ['hour', 'UTC', '2026-11-21T10:15:30.5Z', '2026-11-21T10:00:00.000Z', '2026-11-21T11:00:00.000Z'],
    ['hour', 'Asia/Kolkata', '2026-11-21T10:15:30Z', '2026-11-21T09:30:00.000Z', '2026-11-21T10:30:00.000Z'],
    ['day', 'UTC', '2026-11-21T10:15:30Z', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['day', 'Europe/Berlin', '2026-11-21T23:30:00Z', '2026-11-21T23:00:00.000Z', '2026-11-22T23:00:00.000Z'],
    ['week', 'UTC', '2026-11-22T23:59:59Z', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['week', 'UTC', '2026-11-23T00:00:00Z', '2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z'],
    ['week', 'Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-18T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['week', 'UTC', '2027-01-01T12:00:00Z', '2026-12-28T00:00:00.000Z', '2027-01-04T00:00:00.000Z'],
    ['month', 'UTC', '2026-02-10T00:00:00Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
    ['month', 'America/New_York', '2026-12-01T04:00:00Z', '2026-11-01T04:00:00.000Z', '2026-12-01T05:00:00.000Z'],
  ] as const)('a %s in %s at %s lasts from %s to %s', (unit, timeZone, now, start, end) => {
    expect(iso(calendarBoundaries({ unit, timeZone }, at(now)).slice(0, 2))).toEqual([start, end]);
  });

  it('a day has 23 hours when the clocks go forward, and 25 when they go back', () => {
    const berlin = { unit: 'day', timeZone: 'Europe/Berlin' } as const;
    const spring = calendarBoundaries(berlin, at('2026-03-29T12:00:00Z'));
    expect(spring[1] - spring[0]).toBe(23 * 3_600_000);
    const autumn = calendarBoundaries(berlin, at('2026-10-25T12:00:00Z'));
    expect(autumn[1] - autumn[0]).toBe(25 * 3_600_000);
  });

  it('two hours of one name are two windows', () => {
    const berlin = { unit: 'hour', timeZone: 'Europe/Berlin' } as const;
    const [start, end] = calendarBoundaries(berlin, at('2026-10-25T00:30:00Z'));
    expect(end - start).toBe(3_600_000);
  });

  it('a day without a midnight begins at its first instant', () => {
    // In Beirut the clocks went from 24:00 to 01:00.
    const boundaries = calendarBoundaries({ unit: 'day', timeZone: 'Asia/Beirut' }, at('2024-03-30T23:00:00Z'));
    expect(iso(boundaries.slice(0, 1))).toEqual(['2024-03-30T22:00:00.000Z']);
  });

  it('refuse a time zone that does not exist', () => {
    expect(() => checkTimeZone('Mars/Olympus')).toThrow(RangeError);
  });

  it('hold now, follow each other, and tell the same boundary from both sides', () => {
    const units = fc.constantFrom('minute', 'hour', 'day', 'week', 'month');
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kathmandu');
    const instants = fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') });
    fc.assert(
      fc.property(units, zones, instants, (unit, timeZone, now) => {
        const [start, end, next, last] = calendarBoundaries({ unit, timeZone }, now);
        expect(start).toBeLessThanOrEqual(now);
        expect(end).toBeGreaterThan(now);
        expect(next).toBeGreaterThan(end);
        expect(last).toBeGreaterThan(next);
        expect(calendarBoundaries({ unit, timeZone }, end - 1)[0]).toBe(start);
        expect(calendarBoundaries({ unit, timeZone }, end)[0]).toBe(end);
      }),
      { numRuns: 200 },
    );
  });
});

it('a day of 26 hours, where clocks go back by two, is one window', () => {
  const day = { unit: 'day', timeZone: 'Antarctica/Troll' } as const;
  const [start, end] = calendarBoundaries(day, at('2026-10-24T22:00:00.000Z'));
  expect(end - start).toBe(26 * 3_600_000);
  expect(calendarBoundaries(day, at('2026-10-25T23:59:59.999Z'))).toEqual(calendarBoundaries(day, start));
});

describe('a calendar quota in memory', () => {
  it('begins anew where the calendar says, whenever its first hit was', () => {
    const clock = { wall: at('2026-11-21T10:15:59.900Z'), now: () => clock.wall, monotonic: () => 5 };
    const store = new MemoryCounterStore(clock);
    const perMinute: Limit = {
      maximumRequests: 1,
      timePeriodInMilliseconds: 60_000,
      calendar: { unit: 'minute', timeZone: 'UTC' },
    };
    const demand = { ...freshDemand([]), limits: [perMinute] };
    expect(store.peek([demand]).windows[0]?.[0]?.resetMs).toBe(100);
    expect(store.take([demand]).granted).toBe(true);
    expect(store.take([demand])).toMatchObject({ granted: false, windows: [[{ remaining: 0, resetMs: 100 }]] });
    clock.wall += 100;
    expect(store.take([demand])).toMatchObject({ granted: true, windows: [[{ remaining: 0, resetMs: 60_000 }]] });
  });
});
