import { CounterFamily } from '../observe/counter-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';

/** What came of an attempt. `retried` is not final. */
export type DeliveryResult = 'delivered' | 'retried' | 'dead';

export interface NotifyMetrics {
  happened(event: string): void;
  attempted(kind: string, result: DeliveryResult, count?: number): void;
}

/** What is looked at when metrics are. */
export interface NotifyState {
  isElected(): boolean;
  /** Changes of the log that were not read yet. */
  unread(): number;
}

export function createNotifyMetrics(registry: Registry, state: NotifyState): NotifyMetrics {
  const events = new CounterFamily({
    registry,
    name: 'ostiary_notify_events_total',
    help: 'Events that people may hear of, by name, such as contract.approved.',
    labels: ['event'],
  });
  const deliveries = new CounterFamily({
    registry,
    name: 'ostiary_notify_deliveries_total',
    help: 'Attempts to deliver an event, by what receives it (webhook, mail) and result: delivered, retried, dead.',
    labels: ['kind', 'result'],
  });
  void new Gauge({
    name: 'ostiary_notify_elected',
    help: '1: this control plane tells people of events, for all of its database; 0: another one does.',
    registers: [registry],
    collect() {
      this.set(state.isElected() ? 1 : 0);
    },
  });
  void new Gauge({
    name: 'ostiary_notify_unread_changes',
    help: 'Changes of the log that no events were made of yet; 0 where another control plane makes them.',
    registers: [registry],
    collect() {
      this.set(state.unread());
    },
  });
  return {
    happened(event) {
      events.series(event).value += 1;
    },
    attempted(kind, result, count = 1) {
      deliveries.series(kind, result).value += count;
    },
  };
}
