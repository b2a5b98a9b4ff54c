import { CounterFamily } from '../observe/counter-family.ts';
import type { CounterSeries } from '../observe/counter-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { Credited } from './crediting.ts';

/** The result for an entry that could be decoded. */
export type Result = Exclude<Credited, 'undecided'> | 'ignored';

/** Metrics of streams and their entries. */
export interface EntryMetrics {
  readonly http: Readonly<Record<Result, CounterSeries>>;
  readonly tcp: Readonly<Record<Result, CounterSeries>>;
  /** Entries, or messages, that can't be decoded. */
  readonly malformed: CounterSeries;
  observeStreams(open: () => number): void;
}

export function createEntryMetrics(registry: Registry): EntryMetrics {
  const entries = new CounterFamily({
    registry,
    name: 'ostiary_access_log_entries_total',
    help: "Entries of Envoy's access log, by protocol and what became of them.",
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
  const ofProtocol = (protocol: 'http' | 'tcp'): Readonly<Record<Result, CounterSeries>> => ({
    counted: entries.series(protocol, 'counted'),
    late: entries.series(protocol, 'late'),
    ignored: entries.series(protocol, 'ignored'),
    unverified: entries.series(protocol, 'unverified'),
    foreign: entries.series(protocol, 'foreign'),
    forged: entries.series(protocol, 'forged'),
    repeated: entries.series(protocol, 'repeated'),
    expired: entries.series(protocol, 'expired'),
    mismatched: entries.series(protocol, 'mismatched'),
    unattributable: entries.series(protocol, 'unattributable'),
  });
  return {
    http: ofProtocol('http'),
    tcp: ofProtocol('tcp'),
    malformed: entries.series('http', 'malformed'),
    observeStreams(open) {
      streams = open;
    },
  };
}
