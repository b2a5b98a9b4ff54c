import { describe, expect, it } from 'vitest';
import { change, duration, percent, perSecond, period } from '../../console/src/views/analytics/formats.ts';

describe('numbers', () => {
  it.each([
    [percent(1), '100%'],
    [percent(0.99999), '99.99%'],
    [percent(0.99973), '99.97%'],
    [percent(0.00002), '< 0.01%'],
    [percent(0), '0%'],
    [percent(Number.NaN), '–'],
    [perSecond(0.5), '30/min'],
    [perSecond(0.001), '3.6/h'],
    [perSecond(12.34), '12.3/s'],
    [duration(0.25), '250 µs'],
    [duration(1070), '1.07 s'],
    [period(300), '5 minutes'],
    [period(5400), '90 minutes'],
    [period(86_400), '1 day'],
    [change(110, 100), '+10%'],
    [change(50, 100), '−50%'],
    [change(100_002, 100_000), '±0%'],
    [change(1, 0), undefined],
  ])('%s', (told, expected) => expect(told).toBe(expected));
});
