import { describe, expect, it } from 'vitest';
import {
  agoWords,
  behind,
  countedStates,
  faultsByDocument,
  isFollowing,
  lengthWords,
  secondsOf,
  shownSidecars,
} from '../../console/src/views/ops/words.ts';

const SIDECARS = [
  { node: 'b', state: 'SIDECAR_STATE_IN_SYNC', version: '0.9.0', labels: { zone: 'eu' } },
  { node: 'c', state: 'SIDECAR_STATE_FAULTY', version: '0.8.0' },
  { node: 'a', state: 'SIDECAR_STATE_IN_SYNC', version: '0.9.0' },
] as const;
const names = (state: string, search: string) => shownSidecars(SIDECARS, { state, search }).map(({ node }) => node);

describe('sidecars', () => {
  it('are shown with those that have problems first, then by name', () => {
    expect(names('', '')).toEqual(['c', 'a', 'b']);
  });

  it('are found by state, and by each word of name, version and labels', () => {
    expect(names('SIDECAR_STATE_IN_SYNC', '')).toEqual(['a', 'b']);
    expect(names('', '0.9 ZONE=eu')).toEqual(['b']);
    expect(names('SIDECAR_STATE_LEFT', '')).toEqual([]);
  });

  it('are counted by state, the worst first', () => {
    expect(countedStates(SIDECARS)).toEqual([
      ['SIDECAR_STATE_FAULTY', 1],
      ['SIDECAR_STATE_IN_SYNC', 2],
    ]);
  });

  it('can be asked while they follow', () => {
    expect(SIDECARS.every(isFollowing)).toBe(true);
    expect(isFollowing({ node: 'd', state: 'SIDECAR_STATE_STALE' })).toBe(false);
    expect(isFollowing({ node: 'd' })).toBe(false);
  });

  it('are so many revisions behind', () => {
    expect(behind('12', '9')).toBe(3);
    expect(behind('12', undefined)).toBe(12);
    // It has acknowledged what the list does not know yet.
    expect(behind('12', '13')).toBe(0);
  });

  it('have their faults by document', () => {
    const first = { resource: 'Api a at 3', field: 'spec', message: 'x' };
    const second = { resource: 'Api b at 4', message: 'y' };
    const third = { resource: 'Api a at 3', message: 'z' };
    expect(faultsByDocument([first, second, third])).toEqual([
      { resource: 'Api a at 3', faults: [first, third] },
      { resource: 'Api b at 4', faults: [second] },
    ]);
  });
});

describe('a time', () => {
  it.each([
    [0.2, 'under 1 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [7300, '2 h'],
    [200_000, '2 d'],
  ])('of %d seconds', (seconds, words) => {
    expect(lengthWords(seconds)).toBe(words);
  });

  it('is so long ago', () => {
    const now = Date.parse('2026-11-28T12:00:00Z');
    expect(agoWords('2026-11-28T11:58:00Z', now)).toBe('2 min ago');
    // Clocks differ.
    expect(agoWords('2026-11-28T12:00:03Z', now)).toBe('now');
    expect(agoWords(undefined, now)).toBe('never');
    expect(agoWords('soon', now)).toBe('never');
  });

  it('is read as protobuf writes it', () => {
    expect(secondsOf('1.5s')).toBe(1.5);
    expect(secondsOf(undefined)).toBeUndefined();
  });
});
