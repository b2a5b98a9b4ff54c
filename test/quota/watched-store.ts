import { afterAll, afterEach, expect, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { noCounterMetrics } from '../../src/quota/counter-metrics.ts';
import type { CounterStore } from '../../src/quota/store.ts';
import type { RedisOptions } from '../../src/redis/counter-options.ts';
import type { StoreEvent } from '../../src/redis/outage-teller.ts';
import type { Finding } from '../../src/redis/server-info.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis, RedisServer } from '../real/redis.ts';
import { freshDemand } from './behaviour.ts';

/** A store, and what an operator is told of it. */
export interface Watched {
  readonly store: CounterStore;
  readonly events: StoreEvent[];
  readonly findings: Finding[];
  /** As `ostiary_store_circuit_open` shows it. */
  isOpen(): boolean;
}

/** Closed after each test, or after all of them where they run side by side; the last one first. */
export const OPEN: { close(): Promise<void> }[] = [];

async function closeAll(): Promise<void> {
  for (const each of OPEN.splice(0).toReversed()) await each.close();
}

export function closeAfterEach(): void {
  afterEach(closeAll);
}

export function closeAfterAll(): void {
  afterAll(closeAll);
}

export function watch(redis: RedisOptions): Watched {
  const events: StoreEvent[] = [];
  const findings: Finding[] = [];
  let isOpen = false;
  const metrics = { ...noCounterMetrics, circuit: (opened: boolean): void => void (isOpen = opened) };
  const store = createCounterStore(
    { storeTimeoutMs: 500, quota: 'exact', redis },
    {
      clock: systemClock,
      metrics,
      report: (finding) => void findings.push(finding),
      tellOutage: (event) => void events.push(event),
    },
  );
  OPEN.push(store);
  return { store, events, findings, isOpen: () => isOpen };
}

export async function serve(server: RedisServer, ...args: string[]): Promise<RealRedis> {
  const redis = await startRedis({ server, args });
  OPEN.push({ close: () => redis.stop() });
  return redis;
}

export const take = async (store: CounterStore) =>
  (await store.take([freshDemand([[1, 60_000]])], performance.now() + 2000)).granted;

/** Counts: one of one unit passes, and no second one. */
export async function expectToCount(store: CounterStore): Promise<void> {
  const demand = freshDemand([[1, 60_000]]);
  expect((await store.take([demand], performance.now() + 2000)).granted).toBe(true);
  expect((await store.take([demand], performance.now() + 2000)).granted).toBe(false);
}

export const PATIENCE = { timeout: 10_000, interval: 20 };

export async function expectEvents(watched: Watched, ...kinds: StoreEvent['kind'][]): Promise<void> {
  await vi.waitFor(() => expect(watched.events.map(({ kind }) => kind)).toEqual(kinds), PATIENCE);
}
