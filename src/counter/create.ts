import type { Clock } from '../clock.ts';
import { MemoryCounterStore } from './memory.ts';
import type { CounterOptions } from './options.ts';
import { connectRedis } from './redis-connect.ts';
import { RedisCounterStore } from './redis.ts';
import type { CounterStore } from './store.ts';

/** What a store may use of the process. */
export interface CounterPorts {
  readonly clock: Clock;
}

const STORE_TIMEOUT_MS = 50;

/** The store that the options ask for. It starts without Redis and joins when it comes. */
export function createCounterStore(options: CounterOptions, { clock }: CounterPorts): CounterStore {
  const memory = options.maxCounters === undefined ? {} : { maxCounters: options.maxCounters };
  const { redis } = options;
  if (redis === undefined) return new MemoryCounterStore(clock, memory);
  return new RedisCounterStore(clock, {
    prefix: redis.prefix ?? 'ostiary:',
    storeTimeoutMs: options.storeTimeoutMs ?? STORE_TIMEOUT_MS,
    connect: () => connectRedis(redis),
  });
}
