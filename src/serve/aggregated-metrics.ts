import type { Aggregator, MetricObject, Registry } from 'prom-client';

/** Metrics that are not the sum over the processes. */
const AGGREGATORS: Readonly<Record<string, Aggregator>> = {
  ostiary_analytics_completeness_ratio: 'min',
  ostiary_config_held_documents: 'max',
  ostiary_config_last_reload_successful: 'min',
  ostiary_config_last_look_timestamp_seconds: 'min',
  ostiary_config_withheld_apis: 'max',
  ostiary_jwks_loaded: 'min',
  ostiary_jwks_last_success_timestamp_seconds: 'min',
  ostiary_store_available: 'min',
  ostiary_store_circuit_open: 'max',
  ostiary_quota_replicas: 'max',
  ostiary_snapshot_apis: 'max',
  ostiary_snapshot_client_applications: 'max',
  ostiary_snapshot_contracts: 'max',
};
/** Timestamps and versions, which must not be added either. */
const IS_MOMENT = /_timestamp_seconds$|_info$/;

/** Combines the metrics of all processes: amounts are added, states are the worst. */
export async function aggregate(own: Registry, workers: readonly (readonly MetricObject[])[]): Promise<Registry> {
  const all = [(await own.getMetricsAsJSON()) as unknown as MetricObject[], ...workers];
  // With one process there is nothing to add up.
  const { AggregatorRegistry } = await import('prom-client');
  const marked = all.map((metrics) => metrics.map(mark));
  return AggregatorRegistry.aggregate(marked);
}

/** Of one metric, over all its series in all processes. */
export function sumOf(name: string, processes: readonly (readonly MetricObject[])[]): number {
  let sum = 0;
  for (const metric of processes.flat()) {
    const { values } = metric as unknown as { readonly values: readonly { readonly value: number }[] };
    if (metric.name === name) for (const { value } of values) sum += value;
  }
  return sum;
}

function mark(metric: MetricObject): MetricObject {
  const aggregator = AGGREGATORS[metric.name] ?? (IS_MOMENT.test(metric.name) ? 'max' : metric.aggregator);
  // Our own families do not say how they are combined.
  return { ...metric, aggregator: aggregator ?? 'sum' };
}
