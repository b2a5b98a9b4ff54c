import { CounterFamily } from '../observe/counter-family.ts';
import type { CounterSeries } from '../observe/counter-family.ts';
import type { Registry } from '../observe/prometheus.ts';

export interface TraceMetrics {
  readonly checks: Readonly<Record<'kept' | 'over_rate' | 'queue_full', CounterSeries>>;
  readonly spans: Readonly<Record<'exported' | 'refused' | 'lost', CounterSeries>>;
}

export function createTraceMetrics(registry: Registry): TraceMetrics {
  const checks = new CounterFamily({
    registry,
    name: 'ostiary_traced_checks_total',
    help: 'Checks that were to be traced, by what became of them: kept, or dropped because there were too many.',
    labels: ['result'],
  });
  const spans = new CounterFamily({
    registry,
    name: 'ostiary_trace_spans_total',
    help: 'Spans sent to the collector, by what became of them: exported, refused by it, or lost because it did not answer.',
    labels: ['result'],
  });
  return {
    checks: {
      kept: checks.series('kept'),
      over_rate: checks.series('over_rate'),
      queue_full: checks.series('queue_full'),
    },
    spans: { exported: spans.series('exported'), refused: spans.series('refused'), lost: spans.series('lost') },
  };
}
