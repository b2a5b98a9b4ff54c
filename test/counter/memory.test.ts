import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCounterStore } from '../../src/counter/memory.ts';
import { StoreUnavailable } from '../../src/counter/store.ts';
import { behavesAsCounterStore, freshDemand } from './behaviour.ts';

behavesAsCounterStore('memory', async () => new MemoryCounterStore(systemClock));

function stoppedClock() {
  const clock = { mono: 1000, wall: 1_700_000_000_000, monotonic: () => clock.mono, now: () => clock.wall };
  return clock;
}

describe('the memory store', () => {
  it('refuses a new counter at its bound as unavailable, and goes on counting the old ones', () => {
    const store = new MemoryCounterStore(stoppedClock(), { maxCounters: 2 });
    const known = freshDemand([[5, 1000]]);
    store.take([known]);
    store.take([freshDemand([[5, 1000]])]);
    expect(() => store.take([freshDemand([[5, 1000]])])).toThrow(StoreUnavailable);
    expect(store.take([known]).granted).toBe(true);
    expect(store.health().available).toBe(false);
  });

  it('forgets only windows that have ended', () => {
    const clock = stoppedClock();
    const store = new MemoryCounterStore(clock, { maxCounters: 3 });
    const long = freshDemand([[1, 10_000]]);
    store.take([long]);
    store.take([freshDemand([[1, 100]])]);
    store.take([freshDemand([[1, 100]])]);
    clock.mono += 100;
    expect(store.take([freshDemand([[1, 100]])]).granted).toBe(true);
    expect(store.take([long]).granted).toBe(false);
  });

  it('empties itself without a timer', () => {
    const clock = stoppedClock();
    const store = new MemoryCounterStore(clock, { maxCounters: 1_000_000 });
    for (let i = 0; i < 50_000; i++) {
      store.take([freshDemand([[1, 100]])]);
      clock.mono += 1;
    }
    expect(Number.parseInt(store.health().detail, 10)).toBeLessThan(1000);
  });

  it('runs windows on the monotonic clock, whatever the wall clock does', () => {
    const clock = stoppedClock();
    const store = new MemoryCounterStore(clock);
    const demand = freshDemand([[1, 1000]]);
    store.take([demand]);
    clock.wall += 86_400_000;
    expect(store.take([demand]).granted).toBe(false);
    clock.wall -= 2 * 86_400_000;
    clock.mono += 1000;
    expect(store.take([demand]).granted).toBe(true);
  });

  it('ends a window exactly after its period', () => {
    const clock = stoppedClock();
    const store = new MemoryCounterStore(clock);
    const demand = freshDemand([[1, 1000]]);
    store.take([demand]);
    clock.mono += 999.9;
    expect(store.take([demand]).windows[0]?.[0]?.resetMs).toBeCloseTo(0.1);
    clock.mono += 0.1;
    expect(store.take([demand]).granted).toBe(true);
  });

  it('gives back what another store would not take', () => {
    const store = new MemoryCounterStore(stoppedClock());
    const demand = freshDemand([[1, 1000]]);
    store.take([demand]);
    store.giveBack([demand]);
    expect(store.peek([demand]).windows[0]?.[0]).toMatchObject({ remaining: 1, resetMs: 1000 });
  });
});
