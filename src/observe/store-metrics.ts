import { Gauge } from './prometheus.ts';
import type { Registry } from './prometheus.ts';
import type { Clock } from '../clock.ts';
import type { CounterStore } from '../quota/store.ts';
import { CounterFamily } from './counter-family.ts';
import { DurationFamily } from './duration-family.ts';
import type { DurationSeries } from './duration-family.ts';

const BOUNDS_MS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000];

type Operation = 'take' | 'peek' | 'reset';

/** Wraps the counter store and measures how long it takes, how often it fails, and whether it is available. */
export type InstrumentStore = (store: CounterStore) => CounterStore;

export function createStoreMetrics(registry: Registry, clock: Clock): InstrumentStore {
  const durations = new DurationFamily({
    registry,
    name: 'ostiary_store_duration_seconds',
    help: 'Time the counter store took to answer, failures included.',
    labels: ['store', 'operation'],
    boundsMs: BOUNDS_MS,
  });
  const errors = new CounterFamily({
    registry,
    name: 'ostiary_store_errors_total',
    help: 'Calls of the counter store that failed: the policy then follows onStoreFailure.',
    labels: ['store', 'operation'],
  });

  return (store) => {
    const kind = store.health().kind;
    void new Gauge({
      name: 'ostiary_store_available',
      help: '1 while the counter store answers, else 0.',
      labelNames: ['store'],
      registers: [registry],
      collect() {
        this.set({ store: kind }, store.health().available ? 1 : 0);
      },
    });
    const series = new Map<Operation, DurationSeries>();
    const took = (operation: Operation, startedAt: number): void => {
      const durationMs = clock.monotonic() - startedAt;
      let known = series.get(operation);
      if (known === undefined) series.set(operation, (known = durations.series(kind, operation)));
      known.observeMs(durationMs);
    };
    const failed = (operation: Operation, startedAt: number, error: unknown): never => {
      took(operation, startedAt);
      errors.series(kind, operation).value += 1;
      throw error;
    };
    const answeredLater = async <Result>(
      operation: Operation,
      startedAt: number,
      answer: Promise<Result>,
    ): Promise<Result> => {
      let result: Result;
      try {
        result = await answer;
      } catch (error) {
        return failed(operation, startedAt, error);
      }
      took(operation, startedAt);
      return result;
    };
    const observed = <Result>(operation: Operation, call: () => Result | Promise<Result>): Result | Promise<Result> => {
      const startedAt = clock.monotonic();
      let result: Result | Promise<Result>;
      try {
        result = call();
      } catch (error) {
        return failed(operation, startedAt, error);
      }
      if (result instanceof Promise) return answeredLater(operation, startedAt, result);
      took(operation, startedAt);
      return result;
    };
    return {
      take: (demands, deadline) => observed('take', () => store.take(demands, deadline)),
      peek: (demands, deadline) => observed('peek', () => store.peek(demands, deadline)),
      reset: (demands, deadline) => observed('reset', () => store.reset(demands, deadline)),
      health: () => store.health(),
      close: () => store.close(),
    };
  };
}
