import { createServer, connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { LeasingCounterStore } from '../../src/lease/leasing-store.ts';
import { ScriptMemory } from '../../src/memory/script-memory.ts';
import { noCounterMetrics } from '../../src/quota/counter-metrics.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { CounterStore } from '../../src/quota/store.ts';
import { UNTAGGED } from '../../src/script/script-call.ts';
import type { ScriptCall } from '../../src/script/script-call.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedis } from '../real/redis.ts';
import { freshDemand, untilAvailable } from './behaviour.ts';

const HOUR = 3_600_000;
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** A store whose calls take a while, on counters in this process. */
function slowStore(quota: 'exact' | 'leased', tripMs: number) {
  const memory = new ScriptMemory(systemClock);
  const used: string[] = [];
  const link = {
    available: true,
    trouble: '',
    async run({ script, keys, args }: ScriptCall, until: number) {
      const leftMs = until - performance.now();
      used.push(script.name);
      const reply = memory.run(script.name, keys, args);
      await sleep(Math.min(tripMs, leftMs));
      if (leftMs < tripMs) throw new StoreUnavailable('late');
      return reply;
    },
  };
  const store = new LeasingCounterStore(
    {
      clock: systemClock,
      metrics: noCounterMetrics,
      link,
      replicas: () => 1,
      announceReset: async () => {},
      randomName: () => crypto.randomUUID(),
      health: () => ({ kind: 'memory', available: true, detail: '' }),
      closed: async () => {},
    },
    { prefix: UNTAGGED, quota, storeTimeoutMs: 2000 },
  );
  return { store, memory, used };
}

async function timed(store: CounterStore, demand: ReturnType<typeof freshDemand>, deadlineMs: number) {
  const started = performance.now();
  const granted = await (async () => store.take([demand], started + deadlineMs))().then(
    (taking) => taking.granted,
    () => undefined,
  );
  return { granted };
}

describe.each(['exact', 'leased'] as const)('a hit that waits for an %s answer', (quota) => {
  it('is answered by its own deadline, whatever call is under way', async () => {
    const { store } = slowStore(quota, 800);
    const demand = freshDemand([[1000, HOUR]]);
    let isFirstAnswered = false;
    const first = timed(store, demand, 10_000).finally(() => (isFirstAnswered = true));
    await sleep(20);
    const hurried = await timed(store, demand, 20);
    expect(hurried.granted).toBeUndefined();
    expect(isFirstAnswered).toBe(false);
    expect((await first).granted).toBe(true);
    await store.close();
  });

  it('is not failed by another that has little time', async () => {
    const { store } = slowStore(quota, 100);
    const demand = freshDemand([[1000, HOUR]]);
    const [patient, hurried] = await Promise.all([timed(store, demand, 10_000), timed(store, demand, 20)]);
    expect([patient.granted, hurried.granted]).toEqual([true, undefined]);
    await store.close();
  });

  it('is waited for when the store closes, and what is unspent goes back then', async () => {
    const { store, memory } = slowStore(quota, 50);
    const demand = freshDemand([[1000, HOUR]]);
    const hits = Array.from({ length: 30 }, () => timed(store, demand, 1000));
    await sleep(10);
    await store.close();
    const granted = (await Promise.all(hits)).filter((hit) => hit.granted === true).length;
    const peeked = memory.run('peek', [demand.key], [0, 1, 0, 1, 1, 1, `u${HOUR}`, `e${HOUR}`, 1000, HOUR * 1000]);
    expect(granted).toBe(30);
    expect(peeked[2]).toBe(granted);
  });
});

describe('the way to Redis', () => {
  it('stays open to all where some Checks have little time and Redis is healthy', async () => {
    const redis = await startRedis();
    open.push(() => redis.stop());
    const options = { storeTimeoutMs: 200, quota: 'exact', redis: { urls: [redis.url] } } as const;
    const store = await untilAvailable(createCounterStore(options, { clock: systemClock }));
    open.push(() => store.close());
    await redis.cli('CLIENT', 'PAUSE', '60');
    const deadline = performance.now() + 20;
    const hurried = await Promise.allSettled(
      Array.from({ length: 10 }, async () => store.peek([freshDemand([[10, HOUR]])], deadline)),
    );
    expect(new Set(hurried.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(store.health().available).toBe(true);
  });

  it('is tried again where a connection was accepted and nothing answers the handshake', async () => {
    const redis = await startRedis();
    open.push(() => redis.stop());
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      if (sockets.length === 1) return;
      const there = connect(redis.port, '127.0.0.1');
      socket.pipe(there).pipe(socket);
      there.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    open.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as { port: number };
    const urls = [`redis://127.0.0.1:${port}`];
    const store = createCounterStore({ redis: { urls } }, { clock: systemClock });
    open.push(() => store.close());
    await expect.poll(() => store.health().available, { timeout: 8000 }).toBe(true);
  }, 15_000);
});
