// Decisions per second of each way to count, on one Redis, side by side. Run: node bench/quota.ts [--seconds N]
// One row in a process of its own: --only MODE,WINDOWS,CONTRACTS,REPLICAS
import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/clock.ts';
import { endLeanStart, startLean } from '../src/engine.ts';
import { KnownWindows } from '../src/lease/known-windows.ts';
import { ScriptMemory } from '../src/memory/script-memory.ts';
import type { CounterStore, Demand, StoreHealth, Taking } from '../src/quota/store.ts';
import { readTake, takeCall, UNTAGGED } from '../src/script/script-call.ts';
import { createCounterStore } from '../src/serve/counter-store.ts';
import { startRedis } from '../test/real/redis.ts';

interface Setting {
  /** `scripts`: in memory too, by what counts for the workers of one process. */
  readonly mode: 'memory' | 'scripts' | 'exact' | 'leased';
  readonly windows: number;
  readonly contracts: number;
  readonly replicas: number;
}

interface Figures {
  readonly perSecond: number;
  /** By the CPU time of this process, which other programs on the machine hardly change. */
  readonly perSecondOfACore: number;
  readonly redisMicroseconds: number;
  readonly tripsPerDecision: number;
  readonly p50: number;
  readonly p99: number;
}

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '1' }, only: { type: 'string', default: '' } },
});
const seconds = Number(values.seconds);
const PERIODS_MS = [1000, 86_400_000, 60_000, 3_600_000];
/** Checks under way at once, over all replicas. */
const UNDER_WAY = 256;
/** Decisions that need no waiting go on in one turn of the event loop for so long. */
const BURST = 64;

const COUNT_ONE = { want: 1, least: 1, need: 1, share: 1 };

/** The least that a store over the scripts in memory would do for a decision. */
class ScriptStore implements CounterStore {
  readonly #memory = new ScriptMemory(systemClock);

  take(demands: readonly Demand[]): Taking {
    const asked = { mono: systemClock.monotonic(), wall: systemClock.now() };
    const costs = demands.map(({ cost }) => cost);
    const { script, keys, args, keyspaces } = takeCall(UNTAGGED, demands, costs, COUNT_ONE, asked.wall);
    const reply = readTake(demands, this.#memory.run(script.name, keys, args, keyspaces));
    return KnownWindows.of(reply, asked).taking(reply.charged > 0, demands, asked);
  }

  peek(demands: readonly Demand[]): Taking {
    return this.take(demands);
  }

  reset(): number {
    return 0;
  }

  health(): StoreHealth {
    return { kind: 'memory', available: true, detail: '' };
  }

  async close(): Promise<void> {}
}

// As in the service, so that V8 treats its garbage alike.
startLean();
endLeanStart();
const redis = await startRedis();
console.log(
  `${'mode'.padEnd(8)}${'windows'.padStart(8)}${'contracts'.padStart(11)}${'replicas'.padStart(10)}`.concat(
    `${'per s'.padStart(11)}${'a core'.padStart(11)}${'Redis µs'.padStart(10)}${'trips'.padStart(9)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}`,
  ),
);
let run = 0;
const hot = new Map<string, number>();
for (const contracts of [1, 10_000]) {
  for (const windows of [1, 2, 4]) {
    for (const replicas of [1, 4]) {
      for (const mode of ['memory', 'scripts', 'exact', 'leased'] as const) {
        if (replicas > 1 && (mode === 'memory' || mode === 'scripts')) continue;
        if (values.only !== '' && values.only !== [mode, windows, contracts, replicas].join(',')) continue;
        const figures = await measure({ mode, windows, contracts, replicas });
        print({ mode, windows, contracts, replicas }, figures);
        if (contracts === 1 && replicas === 1 && windows === 2) hot.set(mode, figures.perSecondOfACore);
      }
    }
  }
}
const BY_SCRIPTS = (hot.get('scripts') ?? 0) / (hot.get('memory') ?? 1);
console.log(`scripts in memory are ${BY_SCRIPTS.toFixed(2)} of memory there`);
const RATIO = (hot.get('leased') ?? 0) / (hot.get('memory') ?? 1);
console.log(`leased is ${RATIO.toFixed(2)} of memory on a hot contract with two windows (1 replica, by CPU time)`);
await redis.stop();

async function measure(setting: Setting): Promise<Figures> {
  run += 1;
  const stores = await Promise.all(Array.from({ length: setting.replicas }, () => open(setting, `bench${run}:`)));
  const limits = PERIODS_MS.slice(0, setting.windows).map((timePeriodInMilliseconds) => {
    return { maximumRequests: 1_000_000_000, timePeriodInMilliseconds };
  });
  const demands = Array.from({ length: setting.contracts }, (_, i): Demand[] => {
    return [{ slot: `orders:contract-${i}`, key: `quota:contract-${i}`, limits, cost: 1 }];
  });
  await drive(stores, demands, 0.5 * seconds);
  const before = await redisUse();
  const cpu = process.cpuUsage();
  const driven = await drive(stores, demands, seconds);
  const { user, system } = process.cpuUsage(cpu);
  const after = await redisUse();
  await Promise.all(stores.map((store) => store.close()));
  const { decisions, elapsedMs, latencies } = driven;
  latencies.sort();
  return {
    perSecond: (decisions / elapsedMs) * 1000,
    perSecondOfACore: (decisions / (user + system)) * 1e6,
    redisMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / decisions,
    tripsPerDecision: (after.scripts - before.scripts) / decisions,
    p50: latencies[latencies.length >> 1] ?? 0,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  };
}

async function open({ mode }: Setting, prefix: string): Promise<CounterStore> {
  if (mode === 'scripts') return new ScriptStore();
  const options = mode === 'memory' ? {} : { quota: mode, redis: { urls: [redis.url], prefix }, storeTimeoutMs: 1000 };
  const store = createCounterStore(options, { clock: systemClock });
  while (!store.health().available) await turn();
  return store;
}

async function drive(stores: readonly CounterStore[], demands: readonly Demand[][], forSeconds: number) {
  const startedAt = performance.now();
  const end = startedAt + forSeconds * 1000;
  const latencies = new Float64Array(4_000_000);
  let decisions = 0;
  const worker = async (store: CounterStore, first: number): Promise<void> => {
    let next = first;
    for (;;) {
      for (let i = 0; i < BURST; i++) {
        const asked = performance.now();
        if (asked >= end) return;
        next = (next * 1_103_515_245 + 12_345) & 0x7fffffff;
        const taking = store.take(demands[next % demands.length] as Demand[], asked + 5000);
        if (taking instanceof Promise) await taking;
        latencies[decisions % latencies.length] = performance.now() - asked;
        decisions += 1;
      }
      await turn();
    }
  };
  await Promise.all(
    Array.from({ length: UNDER_WAY }, (_, i) => worker(stores[i % stores.length] as CounterStore, i + 1)),
  );
  return { decisions, elapsedMs: performance.now() - startedAt, latencies: latencies.slice(0, decisions) };
}

async function redisUse(): Promise<{ cpuMicroseconds: number; scripts: number }> {
  const cpu = await redis.cli('INFO', 'cpu');
  const commands = await redis.cli('INFO', 'commandstats');
  const secondsOf = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(cpu)?.[1] ?? 0);
  let scripts = 0;
  for (const [, calls] of commands.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)) scripts += Number(calls);
  return { cpuMicroseconds: (secondsOf('used_cpu_user') + secondsOf('used_cpu_sys')) * 1e6, scripts };
}

function print({ mode, windows, contracts, replicas }: Setting, figures: Figures): void {
  const columns = [
    mode.padEnd(8),
    String(windows).padStart(8),
    String(contracts).padStart(11),
    String(replicas).padStart(10),
    figures.perSecond.toFixed(0).padStart(11),
    figures.perSecondOfACore.toFixed(0).padStart(11),
    figures.redisMicroseconds.toFixed(1).padStart(10),
    figures.tripsPerDecision.toFixed(4).padStart(9),
    figures.p50.toFixed(3).padStart(9),
    figures.p99.toFixed(3).padStart(9),
  ];
  console.log(columns.join(''));
}
