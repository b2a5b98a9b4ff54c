import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { LeasingCounterStore } from '../../src/lease/leasing-store.ts';
import { SharedReplicaCounters } from '../../src/lease/shared-store.ts';
import { ScriptMemory } from '../../src/memory/script-memory.ts';
import { noCounterMetrics } from '../../src/quota/counter-metrics.ts';
import type { CounterStore, Demand } from '../../src/quota/store.ts';
import type { ScriptLink } from '../../src/script/script-call.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import type { SharedCounters } from '../../src/serve/counter-store.ts';
import { OwnerLink } from '../../src/serve/owner-link.ts';
import { answerScripts, ownLink } from '../../src/serve/script-owner.ts';
import type { ScriptQuestion } from '../../src/serve/worker-messages.ts';
import { startRedis } from '../real/redis.ts';
import { behavesAsCounterStore, chosenDemand, freshDemand, untilAvailable } from './behaviour.ts';

const HOUR = 3_600_000;

/** Workers of one process, without the processes. */
function workersOf(memory: ScriptMemory, count: number, link: ScriptLink = ownLink(memory)): CounterStore[] {
  const joined: LeasingCounterStore[] = [];
  const shared: SharedCounters = {
    link,
    workers: count,
    announceReset: (key, epoch) => joined.forEach((store) => store.forget(key, epoch)),
    joined: (store) => joined.push(store),
  };
  return Array.from({ length: count }, () =>
    createCounterStore({ storeTimeoutMs: 500 }, { clock: systemClock, shared }),
  );
}

const opened: CounterStore[] = [];
const share = (count: number): CounterStore[] => {
  const workers = workersOf(new ScriptMemory(systemClock), count);
  opened.push(...workers);
  return workers;
};
afterAll(() => Promise.all(opened.map((store) => store.close())));

behavesAsCounterStore('shared by workers, leased,', async () => share(1)[0]!);
behavesAsCounterStore('shared by workers, exact,', async () => {
  const shared = { link: ownLink(new ScriptMemory(systemClock)), workers: 1, announceReset() {}, joined() {} };
  return createCounterStore({ storeTimeoutMs: 500, quota: 'exact' }, { clock: systemClock, shared });
});

describe('workers that share counters', () => {
  it('admit the limit between them, to the last unit, and not one more', async () => {
    const memory = new ScriptMemory(systemClock);
    const workers = workersOf(memory, 4);
    const demand = freshDemand([
      [500, HOUR],
      [2000, 2 * HOUR],
    ]);
    let granted = 0;
    for (let round = 0; round < 40; round++) {
      const takings = await Promise.all(
        workers.flatMap((store) =>
          Array.from({ length: 10 }, async () => store.take([demand], performance.now() + 1000)),
        ),
      );
      granted += takings.filter((taking) => taking.granted).length;
    }
    expect(granted).toBeLessThanOrEqual(500);
    // What was leased and not spent comes back when they end.
    await Promise.all(workers.map((store) => store.close()));
    const [last] = workersOf(memory, 1);
    while ((await last!.take([demand], performance.now() + 1000)).granted) granted++;
    expect(granted).toBe(500);
    await last!.close();
  });

  it('bound keys that callers choose between them, over the messages they send to the owner', async () => {
    const memory = new ScriptMemory(systemClock, 40);
    const link: OwnerLink = new OwnerLink(systemClock, noCounterMetrics, (calls) => {
      const arrived = JSON.parse(JSON.stringify(calls)) as ScriptQuestion[];
      link.answer(answerScripts(memory, arrived));
    });
    const workers = workersOf(memory, 2, link);
    opened.push(...workers);
    const terms = { scope: 'mesh', onStoreFailure: 'deny' } as const;
    const take = async (demand: Demand, i: number) => workers[i % 2]!.take([demand], performance.now() + 2000);
    for (let i = 0; i < 20; i++) expect((await take(chosenDemand('rl', HOUR), i)).granted).toBe(true);
    await expect(take({ ...chosenDemand('rl', HOUR), terms }, 0)).rejects.toThrow('20 keys of shop:rl');
    expect((await take(chosenDemand('other', HOUR), 1)).granted).toBe(true);
    for (let i = 0; i < 50; i++) expect((await take(freshDemand([[1, HOUR]]), i)).granted).toBe(true);
  });

  it('hear of a reset by one of them', async () => {
    const workers = share(3);
    const demand = freshDemand([[50, HOUR]]);
    const soon = performance.now() + 5000;
    for (let i = 0; i < 60; i++) await workers[i % 3]!.take([demand], soon);
    expect((await workers[1]!.take([demand], soon)).granted).toBe(false);
    await workers[0]!.reset([demand], soon);
    expect((await workers[1]!.take([demand], soon)).granted).toBe(true);
    expect((await workers[2]!.take([demand], soon)).granted).toBe(true);
  });
});

describe('quota of the scope replica, beside Redis', () => {
  it('is one for all workers', async () => {
    const link = ownLink(new ScriptMemory(systemClock));
    const [one, other] = [1, 2].map(() => new SharedReplicaCounters(link, systemClock, 500));
    const demand = freshDemand([[3, HOUR]], 1);
    const granted = [];
    for (let i = 0; i < 5; i++) granted.push((await (i % 2 === 0 ? one : other)!.take([demand])).granted);
    expect(granted).toEqual([true, true, true, false, false]);
  });

  it('is given back where the mesh refuses the request', async () => {
    const redis = await startRedis();
    const shared = { link: ownLink(new ScriptMemory(systemClock)), workers: 2, announceReset() {}, joined() {} };
    const options = { storeTimeoutMs: 1000, quota: 'exact', redis: { urls: [redis.url], prefix: 'w:' } } as const;
    const store = await untilAvailable(createCounterStore(options, { clock: systemClock, shared }));
    const local: Demand = {
      ...freshDemand([[10, HOUR]]),
      slot: 'a',
      terms: { scope: 'replica', onStoreFailure: 'deny' },
    };
    const mesh: Demand = { ...freshDemand([[2, HOUR]]), slot: 'a' };
    const granted = [];
    for (let i = 0; i < 4; i++) granted.push((await store.take([local, mesh], performance.now() + 2000)).granted);
    expect(granted).toEqual([true, true, false, false]);
    const { windows } = await store.peek([local, mesh], performance.now() + 2000);
    expect(windows.map((states) => states[0]?.remaining)).toEqual([8, 0]);
    await store.close();
    await redis.stop();
  });
});
