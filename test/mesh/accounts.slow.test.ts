import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { isUncounted, Ledger } from './ledger.ts';
import { RealMesh } from './mesh.ts';
import type { Replica } from './mesh.ts';
import { seededRandom } from './random.ts';
import { RedisView } from './redis-view.ts';
import { FIRST, HOUR, lines } from './scenario.ts';
import type { Line } from './scenario.ts';
import { Timeline } from './timeline.ts';
import { ask, drive } from './traffic.ts';

// Redis's own counters against what callers saw, in a mesh in which nothing goes wrong: every unit that is used was
// admitted or is leased, and what is refused changes nothing.

const seed = Number(process.env['OSTIARY_MESH_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const REPLICAS = 3;
const LEASE_PART = 0.05;
const counted = lines.filter(({ counters }) => counters.some(({ windowMs }) => windowMs === HOUR));
const limitOf = ({ counters }: Line): number | undefined =>
  counters.find(({ windowMs }) => windowMs === HOUR)?.limitIn(FIRST);
const hourly = counted.filter((line) => limitOf(line) !== undefined);

let redis: RealRedis;
let view: RedisView;
let mesh: RealMesh;
let ledger: Ledger;
beforeEach(async () => {
  redis = await startRedis();
  view = new RedisView(redis);
  // So long that a busy machine makes no call late: a unit that is charged for nobody is not the question here.
  mesh = new RealMesh(['--redis', redis.url, '--store-timeout', '2s']);
  ledger = new Ledger(lines, new Timeline(FIRST));
  await mesh.start(REPLICAS);
});
afterEach(async () => {
  view.close();
  await mesh.stop();
  await redis.stop();
});

/** And those that may be admitted uncounted: here Redis answers always. */
const driven = [...hourly, ...lines.filter(({ onStoreFailure }) => onStoreFailure === 'allow')];

const used = (line: Line): Promise<number> => view.used(`${line.client}-${line.api}`, HOUR);

async function driveFor(seconds: number, callers = 8): Promise<void> {
  const until = performance.now() + seconds * 1000;
  const patient = { mesh, ledger, lines: driven, until, seed, deadlineMs: 10_000 };
  await Promise.all(Array.from({ length: callers }, (_, i) => drive(patient, seededRandom(seed + i))));
  for (const line of driven) {
    expect(ledger.of(line).filter((entry) => isUncounted(line, entry))).toEqual([]);
    const outcomes = new Set(ledger.of(line).map(({ outcome }) => outcome));
    expect([...outcomes].filter((outcome) => outcome !== 'allowed' && outcome !== 'refused')).toEqual([]);
  }
}

function burst(replica: Replica, line: Line): Promise<unknown>[] {
  return Array.from({ length: 4 }, async () => {
    for (let i = 0; i < 15; i++) await ask(ledger, replica, line, 1, 10_000);
  });
}

describe(`the counters in Redis (OSTIARY_MESH_SEED=${seed})`, () => {
  it('are what was admitted and what is leased, and when leases have gone back what was admitted', async () => {
    await driveFor(4);
    for (const line of hourly) {
      const leased = line.quota === 'leased' ? REPLICAS * Math.floor((limitOf(line) ?? 0) * LEASE_PART) : 0;
      const units = await used(line);
      expect(units, line.client).toBeGreaterThanOrEqual(ledger.admitted(line));
      expect(units, line.client).toBeLessThanOrEqual(ledger.admitted(line) + leased);
    }
    for (const line of hourly) {
      await expect.poll(() => used(line), { timeout: 8000, message: line.client }).toBe(ledger.admitted(line));
    }
  });

  it('are what was admitted when all replicas have stopped in good order', async () => {
    await driveFor(2, 3);
    const daily = hourly.filter((line) => line.client === 'daily' && line.quota === 'leased');
    // At full speed, so that there are leases to go back.
    await Promise.all(mesh.replicas.flatMap((replica) => daily.flatMap((line) => burst(replica, line))));
    await mesh.stop();
    for (const line of hourly) expect(await used(line), line.client).toBe(ledger.admitted(line));
    expect([...view.withoutEnd]).toEqual([]);
  });

  it('are not changed by requests that are refused', async () => {
    // Costs of 5 and of 1, until nothing is left of any hour.
    const spent = new Set<Line>();
    const end = performance.now() + 60_000;
    while (spent.size < hourly.length && performance.now() < end) {
      await driveFor(1);
      for (const line of hourly) if (ledger.admitted(line) === limitOf(line)) spent.add(line);
    }
    expect(spent.size).toBe(hourly.length);
    await sleep(2500);
    const before = await view.counters();
    const random = seededRandom(seed);
    for (let i = 0; i < 400; i++) {
      const line = random.pick(hourly);
      const { outcome } = await ask(ledger, random.pick(mesh.replicas), line, random.pick([1, 2, 5]), 10_000);
      expect(outcome, line.client).toBe('refused');
    }
    await sleep(1500);
    expect(await view.counters()).toEqual(before);
    for (const line of hourly) expect(await used(line), line.client).toBe(ledger.admitted(line));
  });
});
