import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import type { Answer } from './check-client.ts';
import { documents, LIMIT, lines, MAX_COST } from './choices.ts';
import { isUncounted, Ledger } from './ledger.ts';
import type { Entry } from './ledger.ts';
import { metricOf, RealMesh } from './mesh.ts';
import type { Replica } from './mesh.ts';
import { seededRandom } from './random.ts';
import { RedisView } from './redis-view.ts';
import { FIRST, HOUR } from './scenario.ts';
import type { Line } from './scenario.ts';
import { Timeline } from './timeline.ts';
import { ask } from './traffic.ts';

// What each choice of `onStoreFailure` admits while Redis is away, and what is charged when it is back: the table of
// docs/quota.md, "While Redis is away", by the answers and by Redis's own counters.

const seed = Number(process.env['OSTIARY_MESH_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const REPLICAS = 3;
const LEASE_PART = 0.05;
const STORE_TIMEOUT_MS = 400;
/** Far below the time-out, and far above what a busy machine steals. */
const HURRIED_MS = [120, 160, 200, 240];

const lineOf = (name: string): Line => lines.get(name) as Line;

describe.each(['stopped', 'killed'] as const)(`a mesh whose Redis is %s (OSTIARY_MESH_SEED=${seed})`, (how) => {
  const random = seededRandom(seed);
  const ledger = new Ledger([...lines.values()], new Timeline(FIRST));
  let redis: RealRedis;
  let view: RedisView;
  let mesh: RealMesh;
  let awayAt: number;
  let backAt: number;
  let hurried: Answer[] = [];
  /** Units that each replica last told to remain before. */
  const remained = new Map<string, Map<string, number>>();

  beforeAll(async () => {
    redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    view = new RedisView(redis);
    mesh = new RealMesh(['--redis', redis.url, '--store-timeout', `${STORE_TIMEOUT_MS}ms`], documents);
    await mesh.start(REPLICAS);
    await mesh.untilAcquainted();
    await spendSome();
    awayAt = performance.now();
    if (how === 'stopped') redis.pause();
    else await redis.kill();
    if (how === 'stopped') hurried = await hurry();
    await spendAll();
    if (how === 'stopped') redis.resume();
    else await redis.restart();
    backAt = performance.now();
    await mesh.untilJoined();
  });
  afterAll(async () => {
    view?.close();
    await mesh?.stop();
    await redis?.stop();
  });

  async function spendSome(): Promise<void> {
    for (const [name, line] of lines) {
      if (name === 'local-unseen') continue;
      const hits = random.integer(10, 40);
      for (let i = 0; i < hits; i++) {
        await ask(ledger, random.pick(mesh.replicas), line, random.integer(1, MAX_COST));
      }
      const told = new Map<string, number>();
      for (const replica of mesh.replicas) told.set(replica.name, (await ask(ledger, replica, line)).remaining);
      remained.set(name, told);
    }
  }

  /** Checks that have less time than a call to Redis may take, while no circuit is open yet. */
  async function hurry(): Promise<Answer[]> {
    const asked = mesh.replicas.flatMap((replica) =>
      HURRIED_MS.map((deadlineMs) => ask(ledger, replica, lineOf('deny-default'), 1, deadlineMs)),
    );
    return Promise.all(asked);
  }

  /** Until every replica refuses; those that admit all without end are asked a number of times. */
  async function spendAll(): Promise<void> {
    await Promise.all(
      [...lines.values()].map(async (line) => {
        const asked = mesh.replicas.map(async (replica) => {
          const hits = line.onStoreFailure === 'local' ? LIMIT : random.integer(30, 60);
          for (let i = 0; i < hits; i++) {
            if (isOver(await ask(ledger, replica, line, 1)) && i > 20) break;
          }
        });
        await Promise.all(asked);
      }),
    );
  }

  const isOver = ({ outcome }: Answer): boolean => outcome === 'refused' || outcome === 'unavailable';
  const during = (name: string): Entry[] =>
    ledger.of(lineOf(name)).filter(({ sentAt, answeredAt }) => sentAt >= awayAt && answeredAt <= backAt);
  const allowed = (entries: readonly Entry[], replica?: Replica): number =>
    entries.filter((one) => one.outcome === 'allowed' && (replica === undefined || one.replica === replica.name))
      .length;

  it('answers every Check in time meanwhile', () => {
    for (const name of lines.keys()) {
      expect(during(name).length, name).toBeGreaterThan(30);
      for (const { answeredAt, sentAt } of during(name)) expect(answeredAt - sentAt, name).toBeLessThan(1000);
    }
  });

  it('answers a Check that has little time when half of it is over', () => {
    const late = hurried.filter(({ outcome }) => outcome !== 'unavailable');
    expect(hurried).toHaveLength(how === 'stopped' ? REPLICAS * HURRIED_MS.length : 0);
    expect(late.length).toBeLessThanOrEqual(hurried.length / 4);
  });

  it('admits with local each replica’s share of what it knew to remain, to the unit, and then refuses', () => {
    for (const replica of mesh.replicas) {
      const remaining = remained.get('local-exact')?.get(replica.name) ?? NaN;
      expect(allowed(during('local-exact'), replica)).toBe(Math.floor(remaining / REPLICAS));
      expect(allowed(during('local-unseen'), replica)).toBe(Math.floor(LIMIT / REPLICAS));
    }
    for (const name of ['local-exact', 'local-unseen', 'local-leased']) {
      expect(during(name).some(({ outcome }) => outcome === 'refused')).toBe(true);
      expect(during(name).some(({ outcome }) => outcome === 'unavailable')).toBe(false);
    }
  });

  it('admits with local and leases what is leased too, and no more', () => {
    let shares = 0;
    for (const remaining of remained.get('local-leased')?.values() ?? []) shares += Math.floor(remaining / REPLICAS);
    const admitted = allowed(during('local-leased'));
    expect(admitted).toBeLessThanOrEqual(shares + REPLICAS * Math.floor(LIMIT * LEASE_PART));
    expect(admitted).toBeGreaterThan(shares / 2);
  });

  it('admits with allow everything, and tells no quota then', () => {
    for (const name of ['allow-policy', 'allow-tier']) {
      expect(during(name).every(({ outcome }) => outcome === 'allowed')).toBe(true);
      const untold = during(name).filter((entry) => isUncounted(lineOf(name), entry));
      expect(untold.length).toBeGreaterThan(during(name).length - REPLICAS * LIMIT * LEASE_PART - 1);
    }
  });

  it('admits with deny nothing, also where the tier says so against its policy', () => {
    for (const name of ['deny-default', 'deny-tier']) {
      expect(new Set(during(name).map(({ outcome }) => outcome))).toEqual(new Set(['unavailable']));
    }
  });

  it('counts each of these admissions in the metric', async () => {
    const texts = await mesh.metrics();
    const admissions = (by: string): number => metricOf(texts, 'ostiary_quota_fallback_admissions_total', `by="${by}"`);
    const untold = [...ledger.entries].flatMap(([line, entries]) => entries.filter((one) => isUncounted(line, one)));
    expect(admissions('allow')).toBe(untold.length);
    const local = ['local-exact', 'local-unseen'].reduce((sum, name) => sum + allowed(during(name)), 0);
    expect(admissions('local')).toBeGreaterThanOrEqual(local);
    expect(admissions('local')).toBeLessThanOrEqual(local + allowed(during('local-leased')));
  });

  it('has charged afterwards what was admitted by shares, once, and nothing that was allowed uncounted', async () => {
    let beyond = 0;
    for (const [name, line] of lines) {
      const counted = ledger.admitted(line);
      const used = (): Promise<number> => view.used(`${name}-${name}`, HOUR);
      // Leases that nobody spends go back a second later.
      await expect
        .poll(used, { timeout: 5000, message: name })
        .toSatisfy((units: number) => units >= counted && units <= counted + askedInVain(line));
      beyond += (await used()) - counted;
    }
    // The metrics own up to no more than that; what was asked for on a connection that was given up they can't know.
    expect(metricOf(await mesh.metrics(), 'ostiary_quota_stranded_units_total')).toBeLessThanOrEqual(beyond);
  });

  /**
   * Units that a stopped Redis was asked for, by Checks that waited for it in vain: it charges them when it goes on. One
   * that was killed has never read them.
   */
  function askedInVain(line: Line): number {
    if (how === 'killed') return 0;
    const waited = during(line.client).filter(({ sentAt, answeredAt, deadlineMs }) => {
      return answeredAt - sentAt > 0.4 * Math.min(STORE_TIMEOUT_MS, deadlineMs);
    });
    const ahead = line.quota === 'leased' ? REPLICAS * Math.floor(LIMIT * LEASE_PART) : 0;
    return waited.length + ahead;
  }

  it('admits nothing more in a window whose limit the shares have passed, and the rest of the others', async () => {
    for (const [name, line] of lines) {
      if (line.quota === 'leased') continue;
      const before = await view.used(`${name}-${name}`, HOUR);
      let more = 0;
      for (let refusals = 0; refusals < 5;) {
        const { outcome } = await ask(ledger, random.pick(mesh.replicas), line);
        if (outcome === 'allowed') more += 1;
        else refusals += 1;
      }
      expect(more, name).toBe(Math.max(0, LIMIT - before));
    }
  });

  it('hands out nothing again when Redis goes away once more', async () => {
    // What is known is to be from after the debts: refusals are kept for a second.
    await sleep(1100);
    for (const replica of mesh.replicas) {
      for (const name of ['local-exact', 'local-unseen']) await ask(ledger, replica, lineOf(name));
    }
    redis.pause();
    for (const replica of mesh.replicas) {
      for (const name of ['local-exact', 'local-unseen']) {
        for (let i = 0; i < 10; i++) expect((await ask(ledger, replica, lineOf(name))).outcome).toBe('refused');
      }
    }
    redis.resume();
  });
});
