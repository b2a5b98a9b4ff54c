import { setTimeout as sleep } from 'node:timers/promises';
import type { RealRedis } from '../real/redis.ts';
import type { Ledger } from './ledger.ts';
import type { RealMesh } from './mesh.ts';
import type { Random } from './random.ts';
import { documentsOf } from './scenario.ts';
import type { Line, State } from './scenario.ts';
import type { Interval, Timeline } from './timeline.ts';

// Everything that can go wrong or be changed, in an order that the seed decides.

const KINDS = [
  'a replica is killed',
  'a replica is restarted',
  'the scripts are flushed',
  'Redis is stopped for a moment',
  'Redis is stopped for a while',
  'Redis is killed and restarted',
  'limits change',
  'limits change again',
  'a tier changes',
  'a contract is revoked or approved',
  'a second quota policy comes or goes',
  'counters are reset',
  'counters are reset again',
  'nothing',
] as const;

export interface Fault {
  readonly kind: (typeof KINDS)[number];
  /** Decides what is left to decide. */
  readonly chance: number;
  readonly pauseMs: number;
  /** Until the next. */
  readonly restMs: number;
}

/** All kinds in random order, over and over. */
export function* schedule(random: Random): Generator<Fault, never> {
  for (;;) {
    for (const kind of random.shuffle(KINDS)) {
      const pauseMs = kind === 'Redis is stopped for a while' ? random.integer(500, 2500) : random.integer(20, 300);
      yield { kind, chance: random.integer(0, 2 ** 30), pauseMs, restMs: random.integer(0, 1000) };
    }
  }
}

/** For so long dead leases may go on, and not longer (`docs/quota.md`, Operators). */
const RESET_REACHES_ALL_MS = 1000;
const LEASE_PART = 0.05;

/** What faults happen to. */
export interface Stage {
  readonly mesh: RealMesh;
  readonly redis: RealRedis;
  readonly ledger: Ledger;
  readonly timeline: Timeline;
  readonly resettable: readonly Line[];
}

export class Faults {
  readonly #stage: Stage;
  /** When some replica was without Redis; one that is new has yet to join it. */
  readonly outages: Interval[] = [];
  /** From the moment a change of documents was written until it was in force in all replicas. */
  readonly adoptions: Interval[] = [];
  readonly happened = new Map<string, number>();
  readonly #rejoining = new Set<Promise<void>>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async happen({ kind, chance, pauseMs }: Fault): Promise<void> {
    const { mesh, redis, timeline, resettable } = this.#stage;
    this.happened.set(kind, (this.happened.get(kind) ?? 0) + 1);
    const { now } = timeline;
    switch (kind) {
      case 'a replica is killed':
        return this.#outage(() => mesh.kill(chance % mesh.replicas.length));
      case 'a replica is restarted':
        return this.#outage(() => mesh.restart(chance % mesh.replicas.length));
      case 'the scripts are flushed':
        return void (await redis.cli('SCRIPT', 'FLUSH'));
      case 'Redis is stopped for a moment':
      case 'Redis is stopped for a while':
        return this.#outage(async () => {
          redis.pause();
          await sleep(pauseMs);
          redis.resume();
        });
      case 'Redis is killed and restarted':
        return this.#outage(() => redis.restart());
      case 'limits change':
      case 'limits change again': {
        const others = ([30, 60, 90] as const).filter((hits) => hits !== now.hits);
        return this.#adopt({ ...now, hits: others[chance % 2] ?? 60 });
      }
      case 'a tier changes':
        return this.#adopt({ ...now, tier: now.tier === 'walk' ? 'run' : 'walk' });
      case 'a contract is revoked or approved':
        return this.#adopt({ ...now, guest: now.guest === 'approved' ? 'revoked' : 'approved' });
      case 'a second quota policy comes or goes':
        return this.#adopt({ ...now, hasSecond: !now.hasSecond });
      case 'counters are reset':
      case 'counters are reset again':
        return this.#reset(resettable[(chance + Number(kind.endsWith('again'))) % resettable.length] as Line, chance);
      case 'nothing':
        await sleep(pauseMs);
    }
  }

  /** Waits until every replica is with Redis again. */
  async over(): Promise<void> {
    await Promise.all(this.#rejoining);
  }

  async #outage(what: () => Promise<void>): Promise<void> {
    const outage = { from: performance.now(), until: Infinity };
    this.outages.push(outage);
    await what();
    const rejoined = this.#stage.mesh.untilJoined().then(() => void (outage.until = performance.now()));
    this.#rejoining.add(rejoined);
    // Not waited for: what comes next may come while some replicas are still without Redis.
    void rejoined.finally(() => this.#rejoining.delete(rejoined));
  }

  async #adopt(state: State): Promise<void> {
    const from = performance.now();
    const inForce = this.#stage.timeline.change(state);
    await this.#stage.mesh.adopt(documentsOf(state));
    inForce();
    this.adoptions.push({ from, until: performance.now() });
  }

  async #reset(line: Line, chance: number): Promise<void> {
    const { mesh, ledger } = this.#stage;
    // Redis has to be there, or the command fails.
    await this.over();
    const from = performance.now();
    const times = await mesh.reset(line.api, line.client, chance % mesh.replicas.length);
    const until = performance.now();
    const part = line.quota === 'leased' ? LEASE_PART : 0;
    const limit = Math.max(...line.counters.flatMap(({ limits }) => limits));
    // One that was not answered in time may have closed windows too, and others have been opened since.
    const leasedUnits = Math.floor(limit * part) * mesh.replicas.length + (times - 1) * limit;
    ledger.close(line, { from, until, leasedUnits, leasedUntil: until + RESET_REACHES_ALL_MS });
  }
}
