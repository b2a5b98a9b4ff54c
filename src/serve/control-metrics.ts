import { CounterFamily } from '../observe/counter-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';

/** What a sidecar says of its control plane. */
export interface ControlMetrics {
  connected(isConnected: boolean): void;
  /** A revision is in force, so long after it was written. */
  inForce(revision: number, lagMs: number): void;
  rejected(): void;
  unknownHistory(isUnknown: boolean): void;
  cacheFault(): void;
  resync(): void;
}

/** @param heardAt returns when the control plane was last heard, in milliseconds since the Unix epoch */
export function createControlMetrics(registry: Registry, heardAt: () => number): ControlMetrics {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const counter = (name: string, help: string) => new CounterFamily({ registry, name, help, labels: [] }).series();
  const connected = gauge('ostiary_control_connected', 'Whether a control plane is followed: 1, or 0.');
  const revision = gauge(
    'ostiary_control_revision',
    "The revision of the control plane's log that is enforced, in all workers.",
  );
  const lag = gauge(
    'ostiary_control_lag_seconds',
    'How long after it was written the latest revision was in force here, by both clocks.',
  );
  const unknown = gauge(
    'ostiary_control_unknown_history',
    'Whether the control plane does not know the history that is enforced here: 1, or 0.',
  );
  void new Gauge({
    name: 'ostiary_control_last_contact_timestamp_seconds',
    help: 'When the control plane was last heard, in seconds since the Unix epoch; 0: never.',
    registers: [registry],
    collect() {
      this.set(heardAt() / 1000);
    },
  });
  const rejections = counter(
    'ostiary_control_rejections_total',
    'Revisions with faults, of which some is not in force.',
  );
  const cacheFaults = counter(
    'ostiary_control_cache_faults_total',
    'Documents on disk, or the credential, that could not be read or written.',
  );
  const resyncs = counter(
    'ostiary_control_resyncs_total',
    'Times that the two sides did not have the same, and all documents were sent again.',
  );
  connected.set(0);
  unknown.set(0);
  return {
    connected: (isConnected) => connected.set(isConnected ? 1 : 0),
    inForce(latest, lagMs) {
      revision.set(latest);
      lag.set(lagMs / 1000);
      unknown.set(0);
    },
    rejected: () => void (rejections.value += 1),
    unknownHistory: (isUnknown) => unknown.set(isUnknown ? 1 : 0),
    cacheFault: () => void (cacheFaults.value += 1),
    resync: () => void (resyncs.value += 1),
  };
}
