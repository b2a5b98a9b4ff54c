import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { RealMesh } from './mesh.ts';
import { seededRandom } from './random.ts';
import type { Random } from './random.ts';

// Real replicas, a real Redis that loses nothing it has answered (its log is written before each answer), and
// everything that can go wrong while they are driven. OSTIARY_MESH_SECONDS makes it longer, OSTIARY_MESH_SEED
// repeats the choices of an earlier run.

const seconds = Number(process.env['OSTIARY_MESH_SECONDS'] ?? 60);
const seed = Number(process.env['OSTIARY_MESH_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const REPLICAS = 4;
const DRIVERS = 10;

let redis: RealRedis;
let mesh: RealMesh;
beforeAll(async () => {
  redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  mesh = new RealMesh(['--redis', redis.url]);
  await mesh.start(REPLICAS);
});
afterAll(async () => {
  await mesh.stop();
  await redis.stop();
});

/** One thing that goes wrong. Returns what it was. */
async function trouble(random: Random): Promise<string> {
  switch (random.integer(0, 5)) {
    case 0:
      await mesh.killOne(random);
      return 'a replica was killed';
    case 1:
      await mesh.restartOne(random);
      return 'a replica was restarted';
    case 2:
      await redis.cli('SCRIPT', 'FLUSH');
      return 'the scripts were flushed';
    case 3: {
      redis.pause();
      await sleep(random.integer(20, 2500));
      redis.resume();
      return 'Redis was stopped for a while';
    }
    case 4:
      await redis.restart();
      return 'Redis was killed and restarted';
    default:
      await sleep(random.integer(0, 1000));
      return 'nothing';
  }
}

async function keysWithoutEnd(): Promise<string[]> {
  const keys = (await redis.cli('KEYS', '*')).split('\n').filter((key) => key !== '');
  const found = [];
  for (const key of keys) if ((await redis.cli('PTTL', key)) === '-1') found.push(key);
  return found;
}

describe(`a mesh of ${REPLICAS} replicas for ${seconds} s (OSTIARY_MESH_SEED=${seed})`, () => {
  it(
    'admits no more than its limits, whatever happens to replicas and Redis',
    { timeout: (seconds + 120) * 1000 },
    async () => {
      const random = seededRandom(seed);
      const end = performance.now() + seconds * 1000;
      const drivers = Array.from({ length: DRIVERS }, (_, i) =>
        mesh.drive(seededRandom(seed + 1 + i), end, i < 2 ? 0 : 10),
      );
      const happened = new Map<string, number>();
      const endless: string[] = [];
      while (performance.now() < end - 3000) {
        const what = await trouble(random);
        happened.set(what, (happened.get(what) ?? 0) + 1);
        endless.push(...(await keysWithoutEnd()));
        await sleep(random.integer(0, 1000));
      }
      await Promise.all(drivers);
      console.log(JSON.stringify({ seed, happened: Object.fromEntries(happened) }));
      for (const { driven, admitted, mostInAWindow, counts } of mesh.ledgers) {
        console.log(JSON.stringify({ ...driven, admitted, mostInAWindow, ...counts }));
      }
      expect(endless).toEqual([]);
      expect(mesh.ledgers.flatMap((ledger) => ledger.faults())).toEqual([]);
      // It proves nothing unless quota was admitted and spent.
      for (const { counts } of mesh.ledgers) expect(counts.allowed).toBeGreaterThan(50);
      for (const { driven, admitted } of mesh.ledgers) {
        if (driven.total !== Infinity && seconds >= 60) expect(admitted).toBeGreaterThan(driven.total * 0.5);
      }
    },
  );

  it('changes no counter by refused requests', async () => {
    await mesh.untilJoined();
    const random = seededRandom(seed + 99);
    const exhausted = seededRandom(seed);
    // What remains of the hour is spent, in both modes.
    const spendUntil = performance.now() + 20_000;
    const daily = mesh.ledgers.filter(({ driven }) => driven.client === 'daily');
    const refusals = new Map<string, number>();
    while (performance.now() < spendUntil && daily.some(({ driven }) => (refusals.get(driven.api) ?? 0) < 60)) {
      for (const ledger of daily) {
        const answer = await mesh.checkOne(exhausted, ledger, 1);
        if (answer.outcome === 'refused') refusals.set(ledger.driven.api, (refusals.get(ledger.driven.api) ?? 0) + 1);
      }
    }
    // Leases that nobody spends go back.
    await sleep(2500);
    const counters = async (): Promise<string[]> => {
      const keys = (await redis.cli('KEYS', 'ostiary:*daily*')).split('\n').toSorted();
      return Promise.all(keys.map((key) => redis.cli('HGETALL', key)));
    };
    const before = await counters();
    expect(before).toHaveLength(2);
    expect(before.every((text) => text.includes('u3600000'))).toBe(true);
    for (let i = 0; i < 200; i++) await mesh.checkOne(random, random.pick(daily), 5);
    await sleep(2500);
    expect(await counters()).toEqual(before);
    expect(mesh.ledgers.flatMap((ledger) => ledger.faults())).toEqual([]);
  });
});
