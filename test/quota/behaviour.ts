import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Limit } from '../../src/quota/limit.ts';
import type { CounterStore, Demand } from '../../src/quota/store.ts';

let counters = 0;

/** A counter that no other test has. */
export function freshDemand(limits: readonly (readonly [maximum: number, periodMs: number])[], cost = 1): Demand {
  counters += 1;
  const key = `key-${process.pid}-${counters}`;
  return { slot: `api:${key}`, key, limits: limits.map(([maximum, periodMs]) => limit(maximum, periodMs)), cost };
}

/** A counter of one unit whose key a caller has chosen, as the policy `rate-limiting` names it. */
export function chosenDemand(policy: string, periodMs: number): Demand {
  const demand = freshDemand([[1, periodMs]]);
  const key = `shop:${policy}:${hash('sha256', demand.key, 'base64url').slice(0, 22)}`;
  return { ...demand, key, keyspace: { name: `shop:${policy}`, isShadow: policy.startsWith('shadow:') } };
}

export function limit(maximumRequests: number, timePeriodInMilliseconds: number): Limit {
  return { maximumRequests, timePeriodInMilliseconds };
}

/** Waits until the store has joined its server. */
export async function untilAvailable<Store extends CounterStore>(store: Store): Promise<Store> {
  const end = performance.now() + 10_000;
  while (!store.health().available) {
    if (performance.now() > end) throw new Error(store.health().detail);
    await sleep(5);
  }
  return store;
}

const HOUR = 3_600_000;

/** What every counter store does, whatever it is made of. */
export function behavesAsCounterStore(name: string, open: () => Promise<CounterStore>): void {
  describe(`${name} as a counter store`, () => {
    let store: CounterStore;
    const soon = () => performance.now() + 5000;
    const take = async (...demands: Demand[]) => store.take(demands, soon());
    const peek = async (...demands: Demand[]) => store.peek(demands, soon());
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    it('is available', () => {
      expect(store.health().available).toBe(true);
    });

    it('admits up to the limit and not one more', async () => {
      const demand = freshDemand([[3, HOUR]]);
      const granted = [];
      for (let i = 0; i < 5; i++) granted.push((await take(demand)).granted);
      expect(granted).toEqual([true, true, true, false, false]);
    });

    it('tells what remains, and when the window ends', async () => {
      const demand = freshDemand([[3, HOUR]]);
      await take(demand);
      const [[state] = []] = (await take(demand)).windows;
      expect(state?.remaining).toBe(1);
      expect(state?.limit).toBe(demand.limits[0]);
      expect(state?.resetMs).toBeGreaterThan(HOUR - 5000);
      expect(state?.resetMs).toBeLessThanOrEqual(HOUR);
    });

    it('charges all windows of a counter or none', async () => {
      const narrow = freshDemand([
        [100, HOUR],
        [2, 2 * HOUR],
      ]);
      for (let i = 0; i < 6; i++) await take(narrow);
      const [states = []] = (await peek(narrow)).windows;
      expect(states.map(({ remaining }) => remaining)).toEqual([98, 0]);
    });

    it('charges all counters of a call or none', async () => {
      const wide = { ...freshDemand([[100, HOUR]]), slot: 'shared' };
      const narrow = { ...freshDemand([[2, HOUR]]), slot: 'shared' };
      const granted = [];
      for (let i = 0; i < 4; i++) granted.push((await take(wide, narrow)).granted);
      expect(granted).toEqual([true, true, false, false]);
      const { windows } = await peek(wide, narrow);
      expect(windows.map(([state]) => state?.remaining)).toEqual([98, 0]);
    });

    it('charges a cost whole or not at all', async () => {
      const demand = freshDemand([[10, HOUR]], 4);
      expect((await take(demand)).granted).toBe(true);
      expect((await take(demand)).granted).toBe(true);
      expect((await take(demand)).granted).toBe(false);
      expect((await take({ ...demand, cost: 2 })).granted).toBe(true);
      expect((await peek(demand)).windows[0]?.[0]?.remaining).toBe(0);
    });

    it('refuses a cost above the limit and opens no window', async () => {
      const demand = freshDemand([[10, HOUR]], 11);
      const { granted, windows } = await take(demand);
      expect(granted).toBe(false);
      expect(windows[0]?.[0]).toMatchObject({ remaining: 10, resetMs: HOUR });
      expect(await store.reset([demand], soon())).toBe(0);
    });

    it('counts every counter apart', async () => {
      const one = freshDemand([[1, HOUR]]);
      const other = freshDemand([[1, HOUR]]);
      await take(one);
      expect((await take(one)).granted).toBe(false);
      expect((await take(other)).granted).toBe(true);
    });

    it('opens a window at its first hit and a new one after its end', async () => {
      const demand = freshDemand([[2, 80]]);
      expect((await take(demand)).granted).toBe(true);
      expect((await take(demand)).granted).toBe(true);
      const refused = await take(demand);
      expect(refused.granted).toBe(false);
      await sleep((refused.windows[0]?.[0]?.resetMs ?? 0) + 10);
      expect((await peek(demand)).windows[0]?.[0]).toMatchObject({ remaining: 2, resetMs: 80 });
      expect((await take(demand)).granted).toBe(true);
    });

    it('goes on counting in the longer window when the shorter one ends', async () => {
      const demand = freshDemand([
        [2, 60],
        [3, HOUR],
      ]);
      await take(demand);
      await take(demand);
      await sleep(80);
      expect((await take(demand)).granted).toBe(true);
      await sleep(80);
      const { granted, windows } = await take(demand);
      expect(granted).toBe(false);
      expect(windows[0]?.map(({ remaining }) => remaining)).toEqual([2, 0]);
    });

    it('peeks without charging', async () => {
      const demand = freshDemand([[1, HOUR]]);
      expect((await peek(demand)).granted).toBe(true);
      expect((await peek(demand)).granted).toBe(true);
      await take(demand);
      expect((await peek(demand)).granted).toBe(false);
    });

    it('resets: the next hit opens new windows', async () => {
      const demand = freshDemand([
        [1, HOUR],
        [5, 2 * HOUR],
      ]);
      await take(demand);
      expect((await take(demand)).granted).toBe(false);
      expect(await store.reset([demand], soon())).toBe(2);
      expect(await store.reset([demand], soon())).toBe(0);
      expect((await take(demand)).granted).toBe(true);
    });

    it('counts on in the open window when a limit is raised or lowered', async () => {
      const demand = freshDemand([[2, HOUR]]);
      await take(demand);
      await take(demand);
      const raised = { ...demand, limits: [limit(4, HOUR)] };
      const [[state] = []] = (await take(raised)).windows;
      expect(state?.remaining).toBe(1);
      const lowered = await take({ ...demand, limits: [limit(1, HOUR)] });
      expect(lowered.granted).toBe(false);
      expect(lowered.windows[0]?.[0]?.remaining).toBe(0);
    });

    it('keeps two limits of one length apart', async () => {
      const demand = freshDemand([
        [5, HOUR],
        [3, HOUR],
      ]);
      await take(demand);
      expect((await peek(demand)).windows[0]?.map(({ remaining }) => remaining)).toEqual([4, 2]);
    });

    it('counts exactly up to 2^53 − 1', async () => {
      const most = Number.MAX_SAFE_INTEGER;
      const demand = freshDemand([[most, HOUR]], most - 1);
      expect((await take(demand)).windows[0]?.[0]?.remaining).toBe(1);
      expect((await take({ ...demand, cost: 2 })).granted).toBe(false);
      const last = await take({ ...demand, cost: 1 });
      expect(last.granted).toBe(true);
      expect(last.windows[0]?.[0]?.remaining).toBe(0);
      expect((await take({ ...demand, cost: 1 })).granted).toBe(false);
    });

    it('takes windows of any length to 2^53 − 1 ms', async () => {
      const demand = freshDemand([[1, Number.MAX_SAFE_INTEGER]]);
      expect((await take(demand)).granted).toBe(true);
      expect((await take(demand)).granted).toBe(false);
    });

    it('admits no more than the limit of many at once', async () => {
      const demand = freshDemand([
        [50, HOUR],
        [70, 2 * HOUR],
      ]);
      const takings = await Promise.all(Array.from({ length: 200 }, () => take(demand)));
      expect(takings.filter(({ granted }) => granted)).toHaveLength(50);
      expect((await peek(demand)).windows[0]?.map(({ remaining }) => remaining)).toEqual([0, 20]);
    });

    it('never admits more than the limit in windows of 20 ms', async () => {
      const demand = freshDemand([[3, 20]]);
      const start = performance.now();
      let granted = 0;
      while (performance.now() - start < 400) granted += (await take(demand)).granted ? 1 : 0;
      const windows = Math.floor((performance.now() - start) / 20) + 1;
      expect(granted).toBeLessThanOrEqual(3 * windows);
      // Windows end and open again; how many fit depends on how busy the machine is.
      expect(granted).toBeGreaterThan(3 * 2);
    });
  });
}
