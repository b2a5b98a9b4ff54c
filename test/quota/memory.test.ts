import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import { behavesAsCounterStore, chosenDemand, freshDemand, limit } from './behaviour.ts';

behavesAsCounterStore('memory', async () => new MemoryCounterStore(systemClock));

function stoppedClock() {
  const clock = { mono: 1000, wall: 1_700_000_000_000, monotonic: () => clock.mono, now: () => clock.wall };
  return clock;
}

describe('the memory store', () => {
  it('forgets only windows that have ended', () => {
    const clock = stoppedClock();
    const store = new MemoryCounterStore(clock, { maxCounters: 4 });
    const long = chosenDemand('rl', 10_000);
    store.take([long]);
    store.take([chosenDemand('rl', 100)]);
    expect(() => store.take([chosenDemand('rl', 100)])).toThrow(StoreUnavailable);
    clock.mono += 100;
    expect(store.take([chosenDemand('rl', 100)]).granted).toBe(true);
    expect(store.take([long]).granted).toBe(false);
  });

  it('keeps a counter that it has found while it makes room for another of the same request', () => {
    const clock = stoppedClock();
    const store = new MemoryCounterStore(clock);
    const everyone = freshDemand([[10, 1000]]);
    store.take([everyone]);
    clock.mono += 1000;
    let admitted = 0;
    for (let i = 0; i < 30; i++) admitted += store.take([everyone, freshDemand([[10, 1000]])]).granted ? 1 : 0;
    expect(admitted).toBe(10);
  });

  it('remembers what was used under limits that come back', () => {
    const store = new MemoryCounterStore(stoppedClock());
    const before = freshDemand([[2, 60_000]]);
    const between = { ...before, limits: [limit(100, 3_600_000)] };
    expect([before, before, between, before].map((demand) => store.take([demand]).granted)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(store.reset([before])).toBe(2);
    expect(store.take([before]).granted).toBe(true);
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

  it('gives back what another store would not take, once', () => {
    const store = new MemoryCounterStore(stoppedClock());
    const demand = freshDemand([[2, 1000]]);
    const { giveBack } = store.hold([demand]);
    giveBack();
    expect(store.peek([demand]).windows[0]?.[0]).toMatchObject({ remaining: 2, resetMs: 1000 });
    store.take([demand]);
    giveBack();
    expect(store.peek([demand]).windows[0]?.[0]).toMatchObject({ remaining: 1 });
  });

  it('gives nothing back to a window that was opened since, by time or by a reset', () => {
    const clock = stoppedClock();
    const store = new MemoryCounterStore(clock);
    const demand = freshDemand([[1, 1000]]);
    const first = store.hold([demand]);
    clock.mono += 1000;
    const second = store.hold([demand]);
    first.giveBack();
    expect(store.take([demand]).granted).toBe(false);
    store.reset([demand]);
    store.take([demand]);
    second.giveBack();
    expect(store.take([demand]).granted).toBe(false);
  });
});

describe('a flood of keys that callers choose', () => {
  const PLACES = 800;
  const flood = (store: MemoryCounterStore, policy: string): number => {
    let added = 0;
    for (let i = 0; i < 2 * PLACES; i++) {
      try {
        store.take([chosenDemand(policy, 1000)]);
        added++;
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailable);
      }
    }
    return added;
  };

  it('leaves the counters of contracts alone, however many policies are flooded', () => {
    const store = new MemoryCounterStore(stoppedClock(), { maxCounters: PLACES });
    for (let i = 0; i < 20; i++) flood(store, `rl-${i}`);
    expect(store.health().available).toBe(false);
    for (const key of ['shop:sla:acme', 'shop:rl-0:all', 'shop:rl-0:none']) {
      expect(store.take([{ ...freshDemand([[5, 1000]]), key }]).granted).toBe(true);
    }
  });

  it('under one policy leaves room for the others', () => {
    const store = new MemoryCounterStore(stoppedClock(), { maxCounters: PLACES });
    expect(['a', 'b', 'c'].map((policy) => flood(store, policy))).toEqual([PLACES / 2, PLACES / 4, PLACES / 8]);
    expect(store.take([chosenDemand('d', 1000)]).granted).toBe(true);
    expect(store.health().available).toBe(true);
  });

  it('under a policy in shadow mode takes a fifth at most', () => {
    const store = new MemoryCounterStore(stoppedClock(), { maxCounters: PLACES });
    expect(flood(store, 'shadow:rl')).toBe(PLACES / 5);
  });

  it('goes when its windows end', () => {
    const clock = stoppedClock();
    const store = new MemoryCounterStore(clock, { maxCounters: PLACES });
    flood(store, 'a');
    clock.mono += 1000;
    expect(flood(store, 'b')).toBe(PLACES / 2);
    expect(store.health().detail).toMatch(`${PLACES / 2} of at most ${PLACES}`);
  });
});
