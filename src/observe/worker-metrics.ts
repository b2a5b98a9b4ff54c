import { Counter, Gauge } from './prometheus.ts';
import type { Registry } from './prometheus.ts';

export interface WorkerMetrics {
  /** A worker is lost. */
  lost(reason: 'stuck' | 'ended'): void;
  /** @param serving how many workers take connections */
  observe(serving: () => number): void;
}

/** Of `--workers`; without it these stay 0. */
export function createWorkerMetrics(registry: Registry): WorkerMetrics {
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
  return {
    lost: (reason) => lost.inc({ reason }),
    observe(count) {
      serving = count;
    },
  };
}
