import { CounterFamily } from '../observe/counter-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { Losses } from '../telemetry/unacknowledged.ts';

/** What of the counts of requests has reached the control plane. */
export interface ReportMetrics {
  /** @param losses all since the start */
  lost(losses: Losses): void;
}

const RESULTS = ['hollowed', 'dropped', 'refused'] as const;

/** @param waiting returns how many slots are not acknowledged */
export function createReportMetrics(registry: Registry, waiting: () => number): ReportMetrics {
  const lost = new CounterFamily({
    registry,
    name: 'ostiary_control_slots_lost_total',
    help: 'Slots of ten seconds that did not reach the control plane whole: hollowed (only the number of decisions is told), dropped, or refused by it.',
    labels: ['result'],
  });
  for (const result of RESULTS) lost.series(result);
  void new Gauge({
    name: 'ostiary_control_slots_waiting',
    help: 'Slots of ten seconds that the control plane has not acknowledged yet.',
    registers: [registry],
    collect() {
      this.set(waiting());
    },
  });
  return {
    lost(losses) {
      for (const result of RESULTS) lost.series(result).value = losses[result];
    },
  };
}
