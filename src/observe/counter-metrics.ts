import { Counter, Gauge } from './prometheus.ts';
import type { Registry } from './prometheus.ts';
import type { CounterMetrics, StoreScript } from '../quota/counter-metrics.ts';
import { CounterFamily } from './counter-family.ts';
import { DurationFamily } from './duration-family.ts';
import type { DurationSeries } from './duration-family.ts';

const CALL_BOUNDS_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000];

/** The metrics of quota that replicas share. */
export function createCounterMetrics(registry: Registry): CounterMetrics {
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });

  const hits = new CounterFamily({
    registry,
    name: 'ostiary_quota_hits_total',
    help: 'Quota decisions, by how they were made: from a lease, a kept refusal, the store, or without it (fallback).',
    labels: ['by'],
  });
  const byLease = hits.series('lease');
  const byRefusal = hits.series('refusal');
  const byStore = hits.series('store');
  const byOutagePolicy = hits.series('fallback');
  const calls = new DurationFamily({
    registry,
    name: 'ostiary_store_call_duration_seconds',
    help: 'Script calls to Redis, by script and outcome (answered, late, failed).',
    labels: ['script', 'outcome'],
    boundsMs: CALL_BOUNDS_MS,
  });
  const callSeries = new Map<StoreScript, Map<string, DurationSeries>>();
  const leased = counter('ostiary_quota_leased_units_total', 'Units debited ahead, to be spent without a call.');
  const leases = counter('ostiary_quota_leases_total', 'Calls that debited units ahead.');
  const returned = counter('ostiary_quota_returned_units_total', 'Unspent units sent back to their windows.');
  const stranded = counter(
    'ostiary_quota_stranded_units_total',
    'Units debited and neither spent nor returned: less is admitted than the limit allows.',
    ['reason'],
  );
  const circuit = gauge(
    'ostiary_store_circuit_open',
    "1 while the store can't be used: no connection, no answer in time, or every call refused.",
  );
  const outageAdmissions = counter(
    'ostiary_quota_fallback_admissions_total',
    'Hits admitted while the store could not tell, by the onStoreFailure that let them pass.',
    ['by'],
  );
  const debt = counter('ostiary_quota_debt_units_total', 'Units admitted without the store and charged afterwards.');
  const replicas = gauge('ostiary_quota_replicas', 'Replicas that share the quota, as seen lately, this one included.');

  return {
    hit(by) {
      if (by === 'lease') byLease.value += 1;
      else if (by === 'store') byStore.value += 1;
      else if (by === 'refusal') byRefusal.value += 1;
      else byOutagePolicy.value += 1;
    },
    storeCall(script, outcome, durationMs) {
      let byOutcome = callSeries.get(script);
      if (byOutcome === undefined) callSeries.set(script, (byOutcome = new Map()));
      let series = byOutcome.get(outcome);
      if (series === undefined) byOutcome.set(outcome, (series = calls.series(script, outcome)));
      series.observeMs(durationMs);
    },
    leased(units) {
      leases.inc();
      leased.inc(units);
    },
    returned: (units) => returned.inc(units),
    stranded: (units, why) => stranded.inc({ reason: why }, units),
    circuit: (open) => circuit.set(open ? 1 : 0),
    outageAdmission: (by) => outageAdmissions.inc({ by }),
    debtCharged: (units) => debt.inc(units),
    replicas: (count) => replicas.set(count),
  };
}
