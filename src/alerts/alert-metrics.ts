import { CounterFamily } from '../observe/counter-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';

/** What happened to a message. `retried` is not final: any other result follows it. */
export type NotificationResult = 'delivered' | 'retried' | 'refused' | 'given_up' | 'dropped';

/** The number of subjects of an alert in a state. */
export interface AlertCount {
  readonly alert: string;
  readonly severity: string;
  readonly state: 'pending' | 'firing' | 'unknown';
  readonly count: number;
}

export interface AlertMetrics {
  observeStates(states: () => readonly AlertCount[]): void;
  evaluated(result: 'known' | 'unknown'): void;
  notified(webhook: string, result: NotificationResult): void;
}

export function createAlertMetrics(registry: Registry): AlertMetrics {
  let states = (): readonly AlertCount[] => [];
  void new Gauge({
    name: 'ostiary_alerts',
    help: 'Subjects of an alert (such as APIs), by what is known of them: pending, firing or unknown.',
    labelNames: ['alert', 'severity', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { alert, severity, state, count } of states()) this.set({ alert, severity, state }, count);
    },
  });
  const evaluations = new CounterFamily({
    registry,
    name: 'ostiary_alert_evaluations_total',
    help: 'Evaluations of alerts, by whether what they look at could be read: known, unknown.',
    labels: ['result'],
  });
  const notifications = new CounterFamily({
    registry,
    name: 'ostiary_alert_notifications_total',
    help: 'Messages about alerts, by webhook and result: delivered, retried, refused, given_up, dropped.',
    labels: ['webhook', 'result'],
  });
  return {
    observeStates(tell) {
      states = tell;
    },
    evaluated(result) {
      evaluations.series(result).value += 1;
    },
    notified(webhook, result) {
      notifications.series(webhook, result).value += 1;
    },
  };
}

/** @param isElected whether this process evaluates the alerts of all that share a history */
export function createElectedMetric(registry: Registry, isElected: () => boolean): void {
  void new Gauge({
    name: 'ostiary_alerts_elected',
    help: '1: this process evaluates the alerts for all that share a history; 0: another one does.',
    registers: [registry],
    collect() {
      this.set(isElected() ? 1 : 0);
    },
  });
}
