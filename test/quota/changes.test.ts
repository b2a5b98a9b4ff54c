import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { CounterStore, Demand, Taking } from '../../src/quota/store.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedis } from '../real/redis.ts';
import { freshDemand, limit, untilAvailable } from './behaviour.ts';

// Limits that change and counters that are reset while calls are under way.

const HOUR = 3_600_000;
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** A real Redis behind a proxy that can hold back what it is sent. */
async function redisBehindProxy() {
  const redis = await startRedis();
  open.push(() => redis.stop());
  let isHeld = (_sent: string): boolean => false;
  let held: (() => void)[] = [];
  const server = createServer((socket) => {
    const there = connect(redis.port, '127.0.0.1');
    let stuck = false;
    socket.on('data', (data) => {
      stuck ||= isHeld(data.toString('latin1'));
      if (stuck) held.push(() => void there.write(data));
      else there.write(data);
      held.push(() => void (stuck = false));
    });
    there.pipe(socket);
    socket.on('error', () => there.destroy());
    socket.on('close', () => there.destroy());
    there.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  open.push(() => server.close());
  return {
    redis,
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold(what: (sent: string) => boolean) {
      held = [];
      isHeld = what;
    },
    release() {
      isHeld = () => false;
      for (const go of held.splice(0)) go();
    },
  };
}

async function join(url: string, quota: 'exact' | 'leased', storeTimeoutMs: number): Promise<CounterStore> {
  const options = { storeTimeoutMs, quota, redis: { urls: [url], prefix: 'c:' } } as const;
  const store = createCounterStore(options, { clock: systemClock });
  open.push(() => store.close());
  await untilAvailable(store);
  // The start check is over.
  await sleep(200);
  return store;
}

const take = async (store: CounterStore, demand: Demand): Promise<Taking> =>
  store.take([demand], performance.now() + 5000);

const isEval = (sent: string): boolean => /evalsha/i.test(sent);

describe.each(['exact', 'leased'] as const)('limits that change while a call is under way, %s', (quota) => {
  it('leave nothing behind of the windows that were asked for', async () => {
    const proxy = await redisBehindProxy();
    const store = await join(proxy.url, quota, 1500);
    const before = freshDemand([[1, HOUR]]);
    const after = { ...before, limits: [limit(3, 2 * HOUR)] };
    proxy.hold(isEval);
    const first = take(store, before);
    await sleep(50);
    const second = take(store, after);
    await sleep(50);
    proxy.release();
    expect((await first).granted).toBe(true);
    expect((await second).windows).toMatchObject([[{ limit: after.limits[0], remaining: quota === 'exact' ? 2 : 1 }]]);
    const granted = [];
    for (let i = 0; i < 3; i++) granted.push((await take(store, after)).granted);
    expect(granted).toEqual(quota === 'exact' ? [true, true, false] : [true, false, false]);
  });

  it('are not told of by an answer that comes after them', async () => {
    const proxy = await redisBehindProxy();
    const store = await join(proxy.url, quota, 1500);
    const before = freshDemand([[5, HOUR]], 5);
    const after = { ...before, cost: 1, limits: [limit(3, 2 * HOUR)] };
    proxy.hold(isEval);
    const first = take(store, before);
    await sleep(50);
    await expect((async () => store.take([after], performance.now() + 40))()).rejects.toThrow(StoreUnavailable);
    proxy.release();
    // A lease of the earlier limits is void: that hit is asked for again, and is above the later one.
    expect((await first).granted).toBe(quota === 'exact');
    expect((await take(store, after)).granted).toBe(true);
  });

  it('are those of the latest, also for hits that go in one call', async () => {
    const proxy = await redisBehindProxy();
    const store = await join(proxy.url, quota, 1500);
    const before = freshDemand([[10, HOUR]]);
    const after = { ...before, limits: [limit(3, HOUR)] };
    for (let i = 0; i < 3; i++) await take(store, before);
    const together = await Promise.all([take(store, before), take(store, after)]);
    expect(together.map(({ granted }) => granted)).toEqual([false, false]);
    expect(await proxy.redis.cli('HGET', `c:${before.key}`, `u${HOUR}`)).toBe('3');
  });
});

describe('a reset whose message hangs', () => {
  it('fails in the time of a call, after the windows were closed', async () => {
    const proxy = await redisBehindProxy();
    const store = await join(proxy.url, 'exact', 300);
    const demand = freshDemand([[3, HOUR]]);
    await take(store, demand);
    proxy.hold((sent) => /publish/i.test(sent));
    // Later than the test may end.
    await expect(store.reset([demand], performance.now() + 60_000)).rejects.toThrow(StoreUnavailable);
    expect(await proxy.redis.cli('HGET', `c:${demand.key}`, `u${HOUR}`)).toBe('');
    proxy.release();
    expect((await take(store, demand)).windows[0]?.[0]?.remaining).toBe(2);
  });
});
