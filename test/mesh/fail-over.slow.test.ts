import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealMesh } from './mesh.ts';
import { seededRandom } from './random.ts';
import { startRedisSentinels } from './redis-sentinel.ts';
import type { RealSentinels } from './redis-sentinel.ts';

const seed = Number(process.env['OSTIARY_MESH_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
/** What the primary had not yet sent to its replica when it died is debited nowhere: at most so long a time's. */
const REPLICATION_LAG_MS = 1000;

let redis: RealSentinels;
beforeAll(async () => {
  redis = await startRedisSentinels();
});
afterAll(() => redis.stop());

describe(`a mesh behind Sentinels (OSTIARY_MESH_SEED=${seed})`, () => {
  it('goes on after a fail-over, and admits at most what was debited within the replication lag above its limits', async () => {
    const mesh = new RealMesh(['--redis', redis.urls, '--redis-sentinel-master', redis.master]);
    try {
      await mesh.start(3);
      const end = performance.now() + 25_000;
      const drivers = Array.from({ length: 6 }, (_, i) => mesh.drive(seededRandom(seed + i), end, 5));
      await sleep(4000);
      const lag = mesh.ledgers.map((ledger) => ledger.admittedSince(performance.now() - REPLICATION_LAG_MS));
      const inFlight = mesh.ledgers.map(({ admitted }) => admitted);
      await redis.primary.kill();
      await expect.poll(async () => redis.replica.cli('ROLE'), { timeout: 15_000 }).toMatch(/^master/);
      const promotedAt = performance.now();
      await Promise.all(drivers);
      const faults = mesh.ledgers.flatMap((ledger, i) => {
        const { driven, admitted, counts } = ledger;
        console.log(JSON.stringify({ ...driven, admitted, lag: lag[i], ...counts }));
        const bound = driven.total + (lag[i] ?? 0);
        // A quota without a total has windows instead: a minute may be spent before the fail-over and outlast the drivers.
        const canGoOn = driven.total === Infinity ? driven.windowMs < 10_000 : (inFlight[i] ?? 0) < driven.total * 0.9;
        return [
          ...(admitted > bound ? [`${driven.client} at ${driven.api}: ${admitted}, above ${bound}`] : []),
          ...(counts.late > 0 ? [`${driven.client} at ${driven.api}: ${counts.late} late`] : []),
          ...(ledger.admittedSince(promotedAt) === 0 && canGoOn
            ? [`${driven.client} at ${driven.api}: nothing admitted after the fail-over`]
            : []),
        ];
      });
      expect(faults).toEqual([]);
    } finally {
      await mesh.stop();
    }
  });
});
