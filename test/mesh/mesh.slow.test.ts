import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { Faults, schedule } from './faults.ts';
import { Ledger } from './ledger.ts';
import type { Judged } from './ledger.ts';
import { Machine } from './machine.ts';
import { RealMesh } from './mesh.ts';
import { seededRandom } from './random.ts';
import { RedisView } from './redis-view.ts';
import { FIRST, HOUR, lines } from './scenario.ts';
import { Timeline } from './timeline.ts';
import { drive } from './traffic.ts';
import { fullness, impossible, lateness, localFaults, outcomes, storeless } from './verdict.ts';

// Real replicas, a real Redis that loses nothing it has answered (its log is written before each answer), and
// everything that can go wrong or be changed while they are driven. What must hold is judged from the answers
// alone. OSTIARY_MESH_SECONDS makes it longer; OSTIARY_MESH_SEED repeats the clients, costs, deadlines, rates and
// faults of an earlier run, in their order.

const seconds = Number(process.env['OSTIARY_MESH_SECONDS'] ?? 48);
const seed = Number(process.env['OSTIARY_MESH_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const REPLICAS = 4;
const DRIVERS = 12;
/** `docs/configuration.md`, Reload. */
const IN_FORCE_WITHIN_MS = 2000;

const timeline = new Timeline(FIRST);
const ledger = new Ledger(lines, timeline);
let redis: RealRedis;
let view: RedisView;
let mesh: RealMesh;
let faults: Faults;
let judged: Judged[];
let machine: Machine;

beforeAll(
  async () => {
    redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    view = new RedisView(redis);
    mesh = new RealMesh(['--redis', redis.url]);
    await mesh.start(REPLICAS);
    faults = new Faults({ mesh, redis, ledger, timeline, resettable: lines.filter(({ isReset }) => isReset) });
    machine = new Machine(() => mesh.replicas.map(({ process: { pid } }) => pid));
    const until = performance.now() + seconds * 1000;
    const drivers = Array.from({ length: DRIVERS }, (_, i) =>
      drive({ mesh, ledger, lines, until, seed }, seededRandom(seed + 1 + i)),
    );
    for (const fault of schedule(seededRandom(seed))) {
      if (performance.now() > until - 3000) break;
      await faults.happen(fault);
      await sleep(fault.restMs);
    }
    await Promise.all(drivers);
    await faults.over();
    machine.stop();
    judged = ledger.judge();
    const happened = [...faults.happened].map(([kind, times]) => `${kind} ×${times}`).join('; ');
    console.log(`OSTIARY_MESH_SEED=${seed}\n${happened}\n${outcomes(ledger, lines)}\n${fullness(judged)}`);
  },
  (seconds + 120) * 1000,
);
afterAll(async () => {
  view?.close();
  await mesh?.stop();
  await redis?.stop();
});

describe(`a mesh of ${REPLICAS} replicas for ${seconds} s (OSTIARY_MESH_SEED=${seed})`, () => {
  it('admits no more than its limits in any window, whatever happens to replicas, Redis, documents and counters', () => {
    expect(judged.flatMap((one) => (one.name.startsWith('alone') ? [] : one.faults))).toEqual([]);
    expect(localFaults(ledger.admitted(lineOf('alone')), REPLICAS, mesh.born - REPLICAS)).toEqual([]);
  });

  it('was driven hard enough to prove that', () => {
    for (const line of lines) expect(ledger.count(line, 'allowed'), line.client).toBeGreaterThan(20);
    const sum = (of: 'admissions' | 'ambiguous'): number => judged.reduce((all, one) => all + one.placing[of], 0);
    expect(sum('ambiguous') / sum('admissions')).toBeLessThan(0.15);
    // Of every short window the callers were told, or little is known of where it ends.
    for (const { name, placing } of judged) {
      if (/in [12]000$|minute$/.test(name) && seconds >= 45) expect(placing.windows, name).toBeGreaterThan(0);
    }
    // Every limit but few was spent, or nothing was at stake.
    const spent = judged.filter(({ name, placing }) => !name.includes('replica') && placing.fullest > 0.8);
    expect(spent.length).toBeGreaterThan(8);
  });

  it('gives no answer that the documents in force do not', () => {
    expect(impossible(ledger, timeline)).toEqual([]);
  });

  it('has changed documents in force in every replica within two seconds', () => {
    const tookMs = faults.adoptions.map((change) => change.until - change.from - machine.mostMs(change));
    expect(Math.max(...tookMs)).toBeLessThan(IN_FORCE_WITHIN_MS);
  });

  it('answers every Check within its deadline', () => {
    const { late, answers, excused } = lateness(ledger, machine);
    console.log(`${answers} answers; ${late.length} late; ${excused} more while the machine did not run us`);
    // A replica that has just been started translates its code while it answers its first Checks.
    expect(late.length, late.join('\n')).toBeLessThanOrEqual(answers / 1000);
  });

  it('does without the store while Redis is away, and else only after waiting for it', () => {
    const times = storeless(ledger, faults.outages);
    console.log(JSON.stringify(times));
    expect(times.away).toBeGreaterThan(0);
    // A stall of the machine that makes five calls late in a row opens the circuit.
    expect(times.unwaited).toBeLessThanOrEqual(Math.max(20, times.answers / 1000));
  });

  it('keeps no key in Redis without an end, at any moment', () => {
    expect([...view.withoutEnd]).toEqual([]);
    expect(view.looks).toBeGreaterThan(seconds * 5);
  });

  it('has charged what it admitted, and no more than the limit', async () => {
    await mesh.stop();
    for (const name of ['daily', 'both']) {
      for (const quota of ['leased', 'exact']) {
        const line = lineOf(name, quota);
        const used = await view.used(`${name}-${quota}`, HOUR);
        expect(used, name).toBeGreaterThanOrEqual(ledger.admitted(line));
        expect(used, name).toBeLessThanOrEqual(name === 'daily' ? 1200 : 900);
      }
    }
  });
});

function lineOf(client: string, api?: string) {
  const found = lines.find((line) => line.client === client && (api === undefined || line.api === api));
  if (found === undefined) throw new Error(`no line of ${client}`);
  return found;
}
