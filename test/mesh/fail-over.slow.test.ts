import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';
import { RealMesh } from './mesh.ts';
import { seededRandom } from './random.ts';
import { startRedisSentinels } from './redis-sentinel.ts';
import type { RealSentinels } from './redis-sentinel.ts';
import { FIRST, HOUR, lines } from './scenario.ts';
import type { Line } from './scenario.ts';
import { Timeline } from './timeline.ts';
import { drive } from './traffic.ts';
import { outcomes } from './verdict.ts';

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
    const ledger = new Ledger(lines, new Timeline(FIRST));
    const counted = lines.filter(({ onStoreFailure }) => onStoreFailure === 'deny');
    try {
      await mesh.start(3);
      const until = performance.now() + 25_000;
      const drivers = Array.from({ length: 6 }, (_, i) =>
        drive({ mesh, ledger, lines, until, seed }, seededRandom(seed + i)),
      );
      await sleep(4000);
      const unsent = performance.now() - REPLICATION_LAG_MS;
      const before = new Map(counted.map((line) => [line, admittedSince(ledger, line, -Infinity)]));
      const lag = new Map(counted.map((line) => [line, admittedSince(ledger, line, unsent)]));
      await redis.primary.kill();
      await expect.poll(async () => redis.replica.cli('ROLE'), { timeout: 15_000 }).toMatch(/^master/);
      const promotedAt = performance.now();
      await Promise.all(drivers);
      console.log(outcomes(ledger, lines));
      const faults = counted.flatMap((line) => {
        const total = line.counters.find(({ windowMs }) => windowMs === HOUR)?.limitIn(FIRST) ?? Infinity;
        const bound = total + (lag.get(line) ?? 0);
        const admitted = admittedSince(ledger, line, -Infinity);
        // What is nearly spent before the fail-over is no sign after it, nor is a minute that outlasts the callers.
        const canGoOn = (before.get(line) ?? 0) < total * 0.9 && line.client !== 'minute';
        const name = `${line.client} at ${line.api}`;
        const isStuck = canGoOn && admittedSince(ledger, line, promotedAt) === 0;
        const above = admitted > bound ? [`${name}: ${admitted}, above ${bound}`] : [];
        return isStuck ? above.concat(`${name}: nothing admitted after the fail-over`) : above;
      });
      expect(faults).toEqual([]);
    } finally {
      await mesh.stop();
    }
  });
});

/** Units of answers from this moment on. */
function admittedSince(ledger: Ledger, line: Line, moment: number): number {
  const admitted = ledger.of(line).filter(({ outcome, answeredAt }) => outcome === 'allowed' && answeredAt >= moment);
  return admitted.reduce((sum, { cost }) => sum + cost, 0);
}
