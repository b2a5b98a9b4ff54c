import { CounterFamily } from '../observe/counter-family.ts';
import type { CounterSeries } from '../observe/counter-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';

/** Streams of entries, and what became of each entry. */
export interface EntryMetrics {
  /** A request that has ended: it is in `ostiary_requests_total`. */
  readonly counted: CounterSeries;
  /** One that tells of a request under way, which another entry counts. */
  readonly ignored: CounterSeries;
  /** An entry of HTTP, or a message, that can't be decoded. */
  readonly malformed: CounterSeries;
  readonly tcp: CounterSeries;
  observeStreams(open: () => number): void;
}

export function createEntryMetrics(registry: Registry): EntryMetrics {
  const entries = new CounterFamily({
    registry,
    name: 'ostiary_access_log_entries_total',
    help: "Entries of Envoy's access log, by protocol and what became of them (counted, ignored, malformed).",
    labels: ['protocol', 'result'],
  });
  let streams = (): number => 0;
  void new Gauge({
    name: 'ostiary_access_log_streams',
    help: "Streams of Envoy's access log that are open.",
    registers: [registry],
    collect() {
      this.set(streams());
    },
  });
  return {
    counted: entries.series('http', 'counted'),
    ignored: entries.series('http', 'ignored'),
    malformed: entries.series('http', 'malformed'),
    tcp: entries.series('tcp', 'counted'),
    observeStreams(open) {
      streams = open;
    },
  };
}
