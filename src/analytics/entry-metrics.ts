import { CounterFamily } from '../observe/counter-family.ts';
import type { CounterSeries } from '../observe/counter-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';

interface Ended {
  /** A request, or a connection, that has ended: it is in `ostiary_requests_total`. */
  readonly counted: CounterSeries;
  /** One that tells of a request under way, which another entry counts. */
  readonly ignored: CounterSeries;
}

/** Streams of entries, and what became of each entry. */
export interface EntryMetrics {
  readonly http: Ended;
  readonly tcp: Ended;
  /** An entry, or a message, that can't be decoded. */
  readonly malformed: CounterSeries;
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
    http: { counted: entries.series('http', 'counted'), ignored: entries.series('http', 'ignored') },
    tcp: { counted: entries.series('tcp', 'counted'), ignored: entries.series('tcp', 'ignored') },
    malformed: entries.series('http', 'malformed'),
    observeStreams(open) {
      streams = open;
    },
  };
}
