import { describe, expect, it } from 'vitest';
import { MemoryCounterStore } from '../../src/memory/memory-store.ts';
import { ScopedCounterStore } from '../../src/quota/scoped-store.ts';
import type { ReplicaCounters } from '../../src/quota/scoped-store.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { CounterStore, Demand, Taking } from '../../src/quota/store.ts';
import { freshDemand, limit } from './behaviour.ts';

const clock = { monotonic: () => 0, now: () => 0 };

function local(maximum: number): Demand {
  return { ...freshDemand([[maximum, 1000]]), slot: 's', terms: { scope: 'replica', onStoreFailure: 'deny' } };
}

function mesh(maximum: number): Demand {
  return { ...freshDemand([[maximum, 1000]]), slot: 's' };
}

function stores() {
  const there = new MemoryCounterStore(clock);
  const store = new ScopedCounterStore(new MemoryCounterStore(clock), there);
  return { store, there };
}

describe('a quota of the replica alone', () => {
  it('never reaches the mesh', async () => {
    const { store, there } = stores();
    const demand = local(2);
    expect(await store.take([demand], 1)).toMatchObject({ granted: true });
    expect(there.health().detail).toMatch(/^0 counters/);
    expect(await store.reset([demand], 1)).toBe(1);
  });

  it('is answered at once', () => {
    expect(stores().store.take([local(1)], 1)).not.toBeInstanceOf(Promise);
  });
});

describe('a request that has quotas of both', () => {
  it('is told the windows in the order it asked', async () => {
    const { store } = stores();
    const demands = [mesh(10), local(20), mesh(30)];
    const { windows } = await store.take(demands, 1);
    expect(windows.map(([state]) => state?.remaining)).toEqual([9, 19, 29]);
  });

  it('charges nothing here where the mesh refuses', async () => {
    const { store } = stores();
    const here = local(5);
    const there = mesh(1);
    expect((await store.take([here, there], 1)).granted).toBe(true);
    expect((await store.take([here, there], 1)).granted).toBe(false);
    expect((await store.peek([here], 1)).windows[0]?.[0]?.remaining).toBe(4);
  });

  it('charges nothing there where the replica refuses', async () => {
    const { store } = stores();
    const here = local(1);
    const there = mesh(5);
    await store.take([here, there], 1);
    const refused = await store.take([here, there], 1);
    expect(refused.granted).toBe(false);
    expect(refused.windows.map(([state]) => state?.remaining)).toEqual([0, 4]);
  });

  it('charges nothing here where the mesh fails', async () => {
    const store = withMeshAway();
    const here = local(1);
    await expect(store.take([here, mesh(5)], 1)).rejects.toThrow(StoreUnavailable);
    expect((await store.take([here], 1)).granted).toBe(true);
    const refused = await store.take([here, mesh(5)], 1);
    expect(refused).toMatchObject({ granted: false, windows: [[{ remaining: 0 }], []] });
  });

  it('is held to its own quota where the failing one of the mesh allows', async () => {
    const store = withMeshAway();
    const here = local(1);
    const there: Demand = { ...mesh(5), terms: { scope: 'mesh', onStoreFailure: 'allow' } };
    expect(await store.take([here, there], 1)).toMatchObject({
      granted: true,
      byOutagePolicy: true,
      windows: [[{}], []],
    });
    expect((await store.take([here, there], 1)).granted).toBe(false);
  });

  it('gives nothing back to the window that came after the one it charged', async () => {
    const asked = { mono: 0 };
    const replica = new MemoryCounterStore({ monotonic: () => asked.mono, now: () => 0 });
    const late = Promise.withResolvers<Taking>();
    const store = new ScopedCounterStore(replica, { ...failing, take: () => late.promise, peek: () => late.promise });
    const here = local(10);
    const pending = Array.from({ length: 9 }, async () => store.take([here, mesh(1)], 1));
    asked.mono += 1000;
    for (let i = 0; i < 10; i++) expect(replica.take([here]).granted).toBe(true);
    late.resolve({ granted: false, windows: [[]] });
    for (const refused of await Promise.all(pending)) expect(refused.granted).toBe(false);
    expect(replica.take([here]).granted).toBe(false);
  });

  it('gives back once where the replica cannot tell after the mesh has refused', async () => {
    let gaveBack = 0;
    const taking: Taking = { granted: true, windows: [[{ limit: limit(5, 1000), remaining: 4, resetMs: 1000 }]] };
    const replica: ReplicaCounters = {
      take: () => taking,
      hold: () => ({ taking, giveBack: () => (gaveBack += 1) }),
      peek: away,
      reset: () => 0,
    };
    const refusing = async (): Promise<Taking> => ({ granted: false, windows: [[]] });
    const store = new ScopedCounterStore(replica, { ...failing, take: refusing });
    const there: Demand = { ...mesh(5), terms: { scope: 'mesh', onStoreFailure: 'allow' } };
    expect(await store.take([local(5), there], 1)).toEqual({ granted: false, windows: [...taking.windows, []] });
    expect(gaveBack).toBe(1);
  });
});

const away = (): Promise<never> => Promise.reject(new StoreUnavailable('away'));
const failing: CounterStore = {
  take: away,
  peek: away,
  reset: away,
  health: () => ({ kind: 'redis', available: false, detail: 'away' }),
  close: async () => {},
};

function withMeshAway(): ScopedCounterStore {
  return new ScopedCounterStore(new MemoryCounterStore(clock), failing);
}
