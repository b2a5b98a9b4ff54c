import { Gauge } from './prometheus.ts';
import type { Registry } from './prometheus.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { CounterFamily } from './counter-family.ts';

/** Shows what is in force, and whether the last change of the documents was accepted. */
export interface ConfigMetrics {
  /** A new version is in force, at the start too. */
  loaded(snapshot: Snapshot): void;
  /** A faulty change. @param snapshot in force now @param held how many documents wait for a change without faults */
  rejected(snapshot: Snapshot, held: number): void;
  /** @param lookedAt returns when the documents were last checked, in milliseconds since the Unix epoch */
  observeLook(lookedAt: () => number): void;
}

export function createConfigMetrics(registry: Registry): ConfigMetrics {
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const lastReload = gauge(
    'ostiary_config_last_reload_successful',
    '1 where the documents as they are now are enforced, 0 where their last change was faulty.',
  );
  const lastSuccess = gauge(
    'ostiary_config_last_reload_success_timestamp_seconds',
    'When documents were last loaded without a fault, in seconds since the Unix epoch.',
  );
  let lookedAt = (): number => 0;
  void new Gauge({
    name: 'ostiary_config_last_look_timestamp_seconds',
    help: 'When the documents were last looked at, changed or not, in seconds since the Unix epoch.',
    registers: [registry],
    collect() {
      this.set(lookedAt() / 1000);
    },
  });
  const reloads = new CounterFamily({
    registry,
    name: 'ostiary_config_reloads_total',
    help: 'Loads of the documents, the first one included, by result.',
    labels: ['result'],
  });
  const info = gauge('ostiary_snapshot_info', 'The version that is enforced: replicas should agree. Always 1.', [
    'version',
  ]);
  const apis = gauge('ostiary_snapshot_apis', 'APIs in the version that is enforced.');
  const clients = gauge('ostiary_snapshot_client_applications', 'Client applications in the version that is enforced.');
  const contracts = gauge(
    'ostiary_snapshot_contracts',
    'Contracts in the version that is enforced, whatever their status.',
  );
  const heldBack = gauge(
    'ostiary_config_held_documents',
    'Documents that are enforced as they were before, or not yet, because of a fault in them or in what moves with them.',
  );
  const withheld = gauge(
    'ostiary_config_withheld_apis',
    'APIs whose requests are all denied: their documents have had faults since the start. At least 1 where all requests are.',
  );
  const shown = (snapshot: Snapshot): void => {
    const known = snapshot.apis.filter((api) => api.withheld !== undefined).length;
    withheld.set(Math.max(known, snapshot.withheld === undefined ? 0 : 1));
    info.reset();
    info.set({ version: snapshot.version }, 1);
    apis.set(snapshot.apis.length);
    clients.set(snapshot.clientApplications);
    contracts.set(snapshot.contractCount);
  };
  const succeeded = reloads.series('success');
  const failed = reloads.series('failure');

  return {
    loaded(snapshot) {
      succeeded.value += 1;
      lastReload.set(1);
      lastSuccess.set(snapshot.loadedAt / 1000);
      heldBack.set(0);
      shown(snapshot);
    },
    rejected(snapshot, held) {
      failed.value += 1;
      lastReload.set(0);
      heldBack.set(held);
      shown(snapshot);
    },
    observeLook(tell) {
      lookedAt = tell;
    },
  };
}
