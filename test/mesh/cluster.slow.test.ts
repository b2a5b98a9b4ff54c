import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Demand } from '../../src/quota/store.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { behavesAsCounterStore, freshDemand, untilAvailable } from '../quota/behaviour.ts';
import { Ledger } from './ledger.ts';
import { RealMesh } from './mesh.ts';
import { seededRandom } from './random.ts';
import { startRedisCluster } from './redis-cluster.ts';
import type { RealCluster } from './redis-cluster.ts';
import { FIRST, lines } from './scenario.ts';
import { Timeline } from './timeline.ts';
import { drive } from './traffic.ts';
import { outcomes } from './verdict.ts';

const seconds = Number(process.env['OSTIARY_MESH_SECONDS'] ?? 20);
const seed = Number(process.env['OSTIARY_MESH_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

let cluster: RealCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.stop());

function openStore(quota: 'exact' | 'leased') {
  const redis = { urls: cluster.urls.split(','), cluster: true };
  return createCounterStore({ storeTimeoutMs: 500, quota, redis }, { clock: systemClock });
}

behavesAsCounterStore('a Redis Cluster, exact', () => untilAvailable(openStore('exact')));
behavesAsCounterStore('a Redis Cluster, leased', () => untilAvailable(openStore('leased')));

describe('a Redis Cluster', () => {
  it('needs one command a decision over several counters, on one node', async () => {
    const store = await untilAvailable(openStore('exact'));
    const both = (): Demand[] => {
      const [one, other] = [freshDemand([[100, 60_000]]), freshDemand([[100, 60_000]])];
      return [one, { ...other, slot: one.slot }];
    };
    // Scripts are loaded on every node by now.
    for (let i = 0; i < 30; i++) await store.take(both(), performance.now() + 1000);
    const before = await evaluations();
    for (let i = 0; i < 50; i++) await store.take(both(), performance.now() + 1000);
    expect((await evaluations()) - before).toBe(50);
    await store.close();
  });

  it('spreads the counters of one API over its nodes', async () => {
    const store = await untilAvailable(openStore('exact'));
    for (let i = 0; i < 60; i++) await store.take([freshDemand([[100, 60_000]])], performance.now() + 1000);
    const sizes = await Promise.all(cluster.nodes.map(async (node) => Number(await node.cli('DBSIZE'))));
    for (const size of sizes) expect(size).toBeGreaterThan(5);
    await store.close();
  });

  it('resets a counter for replicas on other nodes', async () => {
    const [one, other] = await Promise.all([openStore('leased'), openStore('leased')].map(untilAvailable));
    const demand = freshDemand([[2, 60_000]]);
    await other?.take([demand], performance.now() + 1000);
    await other?.take([demand], performance.now() + 1000);
    expect((await other?.take([demand], performance.now() + 1000))?.granted).toBe(false);
    await sleep(300);
    await one?.reset([demand], performance.now() + 1000);
    await expect
      .poll(async () => (await other?.take([demand], performance.now() + 1000))?.granted, { timeout: 1000 })
      .toBe(true);
    await Promise.all([one?.close(), other?.close()]);
  });
});

describe(`a mesh on a Redis Cluster for ${seconds} s (OSTIARY_MESH_SEED=${seed})`, () => {
  it('admits no more than its limits while nodes are stopped and replicas killed', async () => {
    const mesh = new RealMesh(['--redis', cluster.urls, '--redis-cluster']);
    const ledger = new Ledger(lines, new Timeline(FIRST));
    try {
      await mesh.start(3);
      const random = seededRandom(seed);
      const until = performance.now() + seconds * 1000;
      const drivers = Array.from({ length: 10 }, (_, i) =>
        drive({ mesh, ledger, lines, until, seed }, seededRandom(seed + 1 + i)),
      );
      while (performance.now() < until - 3000) {
        const node = random.pick(cluster.nodes);
        const choice = random.integer(0, 3);
        if (choice === 0) await mesh.kill(random.integer(0, 2));
        else if (choice === 1) await node.cli('SCRIPT', 'FLUSH');
        else {
          node.pause();
          await sleep(random.integer(20, 800));
          node.resume();
        }
        await sleep(random.integer(0, 1000));
      }
      await Promise.all(drivers);
      console.log(outcomes(ledger, lines));
      const judged = ledger.judge().filter(({ name }) => !name.startsWith('alone'));
      expect(judged.flatMap(({ faults }) => faults)).toEqual([]);
      for (const line of lines) expect(ledger.count(line, 'allowed'), line.client).toBeGreaterThan(10);
    } finally {
      await mesh.stop();
    }
  });
});

async function evaluations(): Promise<number> {
  const infos = await Promise.all(cluster.nodes.map((node) => node.cli('INFO', 'commandstats')));
  return infos.reduce(
    (sum, info) =>
      sum + [...info.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((all, [, n]) => all + Number(n), 0),
    0,
  );
}
