import { expect, test } from 'vitest';
import { createSampler } from '../../src/tracing/sampling.ts';

const parent = { traceId: 'f'.repeat(32), spanId: 'b7ad6b7169203331', state: '' };
const randomHex = (bytes: number) => 'ab'.repeat(bytes);

test('a trace is kept or left as its sender has decided, whatever the ratio is', () => {
  for (const ratio of [0, 1]) {
    const sample = createSampler({ ratio, random: () => 0.5, randomHex });
    expect(sample({ parent, isSampled: true })).toEqual({ traceId: parent.traceId, parent });
    expect(sample({ parent, isSampled: false })).toBeUndefined();
    expect(sample({ parent: undefined, isSampled: false })).toBeUndefined();
  }
});

test('of those that begin here, the share is kept', () => {
  expect(createSampler({ ratio: 0.5, random: () => 0.49, randomHex })(undefined)).toEqual({
    traceId: 'ab'.repeat(16),
    parent: undefined,
  });
  expect(createSampler({ ratio: 0.5, random: () => 0.5, randomHex })(undefined)).toBeUndefined();
  expect(createSampler({ ratio: 0, random: () => 0, randomHex })(undefined)).toBeUndefined();
});

test('where the sender leaves it open, the trace id decides, so that all replicas decide alike', () => {
  const kept = (traceId: string, ratio: number) =>
    createSampler({ ratio, random: () => 0, randomHex })({ parent: { ...parent, traceId }, isSampled: undefined });
  expect(kept('f'.repeat(32), 0.99)).toBeUndefined();
  expect(kept('f'.repeat(32), 1)).toBeDefined();
  expect(kept(`f`.repeat(18).padEnd(31, '0') + '1', 0.01)).toBeDefined();
});
