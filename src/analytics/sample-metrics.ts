import { Counter } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';

/** Counts times that samples could not be written to disk, or read. */
export function sampleFailures(registry: Registry): Counter {
  return new Counter({
    name: 'ostiary_sample_write_failures_total',
    help: 'Times that samples of requests could not be written to disk, or read.',
    registers: [registry],
  });
}
