import { CounterFamily } from '../observe/counter-family.ts';
import type { CounterSeries } from '../observe/counter-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';
import { DROP_REASONS } from './batch.ts';
import type { DropReason } from './batch.ts';

/** The counters of one sink. */
export interface SinkMetrics {
  taken(): void;
  sent(events: number): void;
  dropped(reason: DropReason, events: number): void;
  /** An attempt failed, and the batch is sent again. */
  failed(reason: string): void;
}

/** The state of a sink, read at each scrape. */
export interface SinkStatus {
  /** Events that are not sent yet, on disk or in memory. */
  readonly waiting: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Milliseconds since the Unix epoch; undefined: nothing was sent yet. */
  readonly lastSuccess: number | undefined;
}

export type OpenSinkMetrics = (sink: string, status: () => SinkStatus) => SinkMetrics;

/** Makes the metric families once; each sink has its series in them. */
export function createSinkMetrics(registry: Registry): OpenSinkMetrics {
  const taken = new CounterFamily({
    registry,
    name: 'ostiary_events_taken_total',
    help: 'Events that a sink was given.',
    labels: ['sink'],
  });
  const sent = new CounterFamily({
    registry,
    name: 'ostiary_events_sent_total',
    help: 'Events that a sink has taken.',
    labels: ['sink'],
  });
  const dropped = new CounterFamily({
    registry,
    name: 'ostiary_events_dropped_total',
    help: 'Events that never reach their sink, by reason.',
    labels: ['sink', 'reason'],
  });
  const failures = new CounterFamily({
    registry,
    name: 'ostiary_events_send_failures_total',
    help: 'Attempts that failed and are repeated, by reason.',
    labels: ['sink', 'reason'],
  });
  const sinks = new Map<string, () => SinkStatus>();
  const gauge = (name: string, help: string, valueOf: (status: SinkStatus) => number | undefined): void => {
    void new Gauge({
      name,
      help,
      labelNames: ['sink'],
      registers: [registry],
      collect() {
        for (const [sink, status] of sinks) {
          const value = valueOf(status());
          if (value !== undefined) this.set({ sink }, value);
        }
      },
    });
  };
  gauge('ostiary_events_waiting', 'Events that wait for their sink, in memory and on disk.', (one) => one.waiting);
  gauge('ostiary_events_queue_bytes', 'Memory of events that wait.', (one) => one.memoryBytes);
  gauge('ostiary_events_spool_bytes', 'Bytes of the spool on disk.', (one) => one.diskBytes);
  gauge(
    'ostiary_events_last_success_timestamp_seconds',
    'When a sink last took events, in seconds since the Unix epoch.',
    ({ lastSuccess }) => lastSuccess && lastSuccess / 1000,
  );

  return (sink, status) => {
    sinks.set(sink, status);
    const [taking, sending] = [taken.series(sink), sent.series(sink)];
    // All series exist from the start, so that the first drop is an increase.
    const drops = Object.fromEntries(DROP_REASONS.map((reason) => [reason, dropped.series(sink, reason)])) as Record<
      DropReason,
      CounterSeries
    >;
    return {
      taken: () => void (taking.value += 1),
      sent: (events) => void (sending.value += events),
      dropped: (reason, events) => void (drops[reason].value += events),
      failed: (reason) => void (failures.series(sink, reason).value += 1),
    };
  };
}
