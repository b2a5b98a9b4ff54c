import { Counter, Gauge, type Registry } from './prometheus.ts';

/**
 * @param serving how many workers take connections
 * @returns to be told of each worker that is lost
 */
export type ObserveWorkers = (serving: () => number) => (reason: 'stuck' | 'ended') => void;

/** Of `--workers`; without it these stay 0. */
export function createWorkerMetrics(registry: Registry): ObserveWorkers {
  let serving = (): number => 0;
  void new Gauge({
    name: 'ostiary_workers_serving',
    help: 'Workers that take connections.',
    registers: [registry],
    collect() {
      this.set(serving());
    },
  });
  const lost = new Counter({
    name: 'ostiary_workers_lost_total',
    help: 'Workers that ended by themselves, or were killed because they were stuck.',
    labelNames: ['reason'],
    registers: [registry],
  });
  return (count) => {
    serving = count;
    return (reason) => lost.inc({ reason });
  };
}
