import type { Clock } from '../clock.ts';
import { LeasingCounterStore } from '../lease/leasing-store.ts';
import { SharedReplicaCounters } from '../lease/shared-store.ts';
import { ChosenKeys } from '../memory/chosen-keys.ts';
import { MemoryCounterStore } from '../memory/memory-store.ts';
import { noCounterMetrics } from '../quota/counter-metrics.ts';
import type { CounterMetrics } from '../quota/counter-metrics.ts';
import { ScopedCounterStore } from '../quota/scoped-store.ts';
import type { CounterStore, StoreHealth } from '../quota/store.ts';
import type { RedisClient } from '../redis/client.ts';
import { connectRedis } from '../redis/connect.ts';
import type { CounterOptions, RedisOptions } from '../redis/counter-options.ts';
import { RedisLink } from '../redis/link.ts';
import { Outage } from '../redis/outage-teller.ts';
import type { StoreEvent } from '../redis/outage-teller.ts';
import { Replicas } from '../redis/replicas.ts';
import { cameBackMessage, resetMessage, Resets } from '../redis/resets.ts';
import type { Finding } from '../redis/server-info.ts';
import { checkRedis } from '../redis/start-checks.ts';
import { storeName } from '../redis/store-name.ts';
import { UNTAGGED } from '../script/script-call.ts';
import type { KeyPrefix, ScriptLink } from '../script/script-call.ts';

/** What a store may use of the process. */
export interface CounterPorts {
  readonly clock: Clock;
  readonly metrics?: CounterMetrics;
  /** Called once for each problem with Redis. */
  readonly report?: (finding: Finding) => void;
  /** Called when the store is available for the first time, when it is lost (with the reason), and when it is back. */
  readonly tellOutage?: (event: StoreEvent) => void;
  /** Makes names for this replica and its debts, which must be unique in the mesh. Default `crypto.randomUUID`. */
  readonly randomName?: () => string;
  /** Counters in memory that this process shares with others. Absent: it has its own. */
  readonly shared?: SharedCounters;
}

export interface SharedCounters {
  readonly link: ScriptLink;
  /** Processes that lease from it, at least 1. */
  readonly workers: number;
  /** Tells the other processes that a counter was reset. */
  readonly announceReset: (key: string, epoch: number) => void;
  /** Called with the store, which must be notified of resets in other processes. */
  readonly joined: (store: LeasingCounterStore) => void;
}

const STORE_TIMEOUT_MS = 50;

/**
 * Creates the store for the options. It starts without Redis and joins when Redis is available.
 * @throws UserError if an address is none
 */
export function createCounterStore(options: CounterOptions, ports: CounterPorts): CounterStore {
  if (ports.shared !== undefined) return createSharedStore(options, ports, ports.shared);
  const memory = new MemoryCounterStore(
    ports.clock,
    options.maxCounters === undefined ? {} : { maxCounters: options.maxCounters },
  );
  const { redis } = options;
  return redis === undefined ? memory : new ScopedCounterStore(memory, createMeshStore(options, redis, ports));
}

function createSharedStore(options: CounterOptions, ports: CounterPorts, shared: SharedCounters): CounterStore {
  const { clock, metrics = noCounterMetrics, randomName = () => crypto.randomUUID() } = ports;
  const storeTimeoutMs = options.storeTimeoutMs ?? STORE_TIMEOUT_MS;
  const { link } = shared;
  if (options.redis !== undefined) {
    const replica = new SharedReplicaCounters(link, clock, storeTimeoutMs);
    return new ScopedCounterStore(replica, createMeshStore(options, options.redis, ports));
  }
  const store = new LeasingCounterStore(
    {
      clock,
      metrics,
      link,
      randomName,
      replicas: () => shared.workers,
      announceReset: async (key, epoch) => shared.announceReset(key, epoch),
      health: () => ownerHealth(link),
      closed: async () => {},
    },
    { prefix: UNTAGGED, storeTimeoutMs, quota: options.quota ?? 'leased' },
  );
  shared.joined(store);
  return store;
}

function createMeshStore(options: CounterOptions, redis: RedisOptions, ports: CounterPorts): CounterStore {
  const { clock, metrics = noCounterMetrics, randomName = () => crypto.randomUUID() } = ports;
  const name = storeName(options);
  const text = redis.prefix ?? 'ostiary:';
  const prefix: KeyPrefix = { text, tagged: redis.cluster === true };
  const storeTimeoutMs = options.storeTimeoutMs ?? STORE_TIMEOUT_MS;
  const channel = `${text}resets`;
  const resets = new Resets({ channel, monotonic: () => clock.monotonic() });
  const tell = oncePerMessage(ports.report);
  const waitReplicas = redis.waitReplicas ?? 0;
  const link = new RedisLink({
    clock,
    metrics,
    waitReplicas,
    storeTimeoutMs,
    outage: new Outage({ name, tell: ports.tellOutage ?? (() => {}) }),
    connect: () =>
      connectRedis(
        redis,
        () => clock.monotonic(),
        (message) => tell({ level: 'warn', message }),
      ),
  });
  const replicas = new Replicas({
    link,
    metrics,
    id: randomName(),
    key: `${text}replicas`,
    storeTimeoutMs,
    monotonic: () => clock.monotonic(),
  });
  const chosen = new ChosenKeys(options.maxCounters);
  const store = new LeasingCounterStore(
    {
      clock,
      metrics,
      link,
      admitKeys: (demands, now) => chosen.admit(demands, now),
      randomName,
      replicas: () => replicas.count,
      announceReset: (key, epoch) => link.publish(channel, resetMessage(key, epoch)),
      news: {
        heardUntil: () => resets.heardUntil,
        unitsCameBack(keys) {
          // If this message is lost, refusals are checked again later anyway.
          for (const key of keys) link.publish(channel, cameBackMessage(key)).catch(() => {});
        },
      },
      health: () => redisHealth(link),
      closed: async () => {
        await replicas.close();
        resets.close();
        link.close();
      },
    },
    { prefix, storeTimeoutMs, quota: options.quota ?? 'leased' },
  );
  const check = async (client: RedisClient): Promise<void> => {
    try {
      const { findings, canPublish } = await checkRedis(client, prefix, channel, waitReplicas);
      findings.forEach(tell);
      link.mayPublish(canPublish);
    } catch {
      // The connection has ended: the next one is checked.
    }
  };
  link.open((client) => {
    resets.listen(client, store);
    void replicas.beat();
    store.rejoined();
    void check(client);
  });
  return store;
}

function redisHealth({ trouble }: ScriptLink): StoreHealth {
  return { kind: 'redis', available: trouble === '', detail: trouble === '' ? 'connected to Redis' : trouble };
}

function ownerHealth({ available, trouble }: ScriptLink): StoreHealth {
  return { kind: 'memory', available, detail: available ? 'counters in memory, shared by all workers' : trouble };
}

/** Reports each finding once, also if the connection comes and goes. */
function oncePerMessage(report: ((finding: Finding) => void) | undefined): (finding: Finding) => void {
  const told = new Set<string>();
  return (finding) => {
    if (told.has(finding.message)) return;
    told.add(finding.message);
    report?.(finding);
  };
}
