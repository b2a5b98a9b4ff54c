import { Gauge } from './prometheus.ts';
import type { Registry } from './prometheus.ts';
import type { Clock } from '../clock.ts';
import type { CounterStore } from '../quota/store.ts';
import { settle } from '../settle.ts';
import { CounterFamily } from './counter-family.ts';
import { DurationFamily } from './duration-family.ts';
import type { DurationSeries } from './duration-family.ts';

const BOUNDS_MS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000];

type Operation = 'take' | 'peek' | 'reset';

/** Wraps the counter store: how long it takes, how often it can't tell, whether it is there. */
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
    const observed = <Result>(operation: Operation, call: () => Result | Promise<Result>): Result | Promise<Result> => {
      const startedAt = clock.monotonic();
      let known = series.get(operation);
      if (known === undefined) series.set(operation, (known = durations.series(kind, operation)));
      const duration = known;
      const answered = (result: Result): Result => {
        duration.observeMs(clock.monotonic() - startedAt);
        return result;
      };
      const failed = (error: unknown): never => {
        duration.observeMs(clock.monotonic() - startedAt);
        errors.series(kind, operation).value += 1;
        throw error;
      };
      try {
        return settle(call(), answered, failed);
      } catch (error) {
        return failed(error);
      }
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
