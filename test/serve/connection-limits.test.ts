import { describe, expect, it } from 'vitest';
import { connectionLimits, descriptorLimit } from '../../src/serve/connection-limits.ts';

describe('the files that a process may have open', () => {
  it.each([160, 300, 1024, 65_536, Infinity])(
    'of %d leave some for the process itself and for each listener',
    (limit) => {
      const { grpc, admin, api } = connectionLimits(limit, 10_000);
      expect(grpc + admin + api).toBeLessThanOrEqual(limit - 96);
      for (const connections of [grpc, admin, api]) expect(connections).toBeGreaterThanOrEqual(8);
      expect(grpc).toBeLessThanOrEqual(10_000);
    },
  );

  it.each([160, 300, 1024, 65_536, Infinity])('of %d are shared alike with a listener of HTTP', (limit) => {
    const { grpc, admin, api, http } = connectionLimits(limit, 10_000, true);
    expect(grpc + admin + api + http).toBeLessThanOrEqual(limit - 96);
    for (const connections of [grpc, admin, api, http]) expect(connections).toBeGreaterThanOrEqual(8);
    expect(Math.abs(grpc - http)).toBeLessThanOrEqual(1);
    expect(connectionLimits(limit, 10_000).http).toBe(0);
  });

  it('that are too few are refused, with what to do', () => {
    expect(() => connectionLimits(100, 10_000)).toThrow(/100 \(ulimit -n\): ostiary needs at least 160/);
  });

  it('are known on Linux', () => {
    if (process.platform === 'linux') expect(descriptorLimit()).toBeGreaterThan(0);
  });
});
