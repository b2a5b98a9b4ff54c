import { describe, expect, test } from 'vitest';
import { parseFlags } from '../../src/flags.ts';
import { isLocal } from '../../src/listen/address.ts';
import { serveFlags } from '../../src/serve/serve-flags.ts';
import { addressesOf, drainTimesOf } from '../../src/serve/serve-options.ts';

const flagsOf = (...argv: string[]) => parseFlags(serveFlags, argv, {}).values;

test('every listener is on loopback unless told', () => {
  expect(Object.values(addressesOf(flagsOf())).map(isLocal)).toEqual([true, true, true]);
});

describe('the times of a drain', () => {
  test('are those of the flags', () => {
    expect(drainTimesOf(flagsOf())).toEqual({ drainDelayMs: 2000, drainMs: 5000 });
  });

  test.each([
    ['1s', '2s'],
    ['2s', '2s'],
  ])('leave calls in flight some: a drain of %s with a delay of %s is a usage error', (drain, delay) => {
    const given = flagsOf('--drain', drain, '--drain-delay', delay);
    expect(() => drainTimesOf(given)).toThrow(/^--drain \(\ds\) must be longer than --drain-delay \(2s\)/);
    expect(() => drainTimesOf(given)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
