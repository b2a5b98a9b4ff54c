import type { Clock } from '../clock.ts';
import { Code } from '../grpc/rpc.ts';
import { CounterFamily } from '../observe/counter-family.ts';
import { Gauge } from '../observe/prometheus.ts';
import type { Registry } from '../observe/prometheus.ts';
import type { RegistryObserver } from '../registry/registry.ts';
import { SyncCounts } from '../sync/sync-counts.ts';
import type { FollowerState, SyncObserver } from '../sync/sync-counts.ts';

export interface HubMetrics {
  readonly sync: SyncObserver;
  readonly writes: RegistryObserver;
}

const REASONS: ReadonlyMap<Code, string> = new Map([
  [Code.unauthenticated, 'unauthenticated'],
  [Code.permissionDenied, 'name_taken'],
  [Code.unavailable, 'unavailable'],
]);

/** What a control plane tells of itself. */
export function hubMetrics(registry: Registry, clock: Clock): HubMetrics {
  const counts = new SyncCounts(clock);
  const counter = <Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) =>
    new CounterFamily<Label>({ registry, name, help, labels });
  void new Gauge({
    name: 'ostiary_hub_sidecars',
    help: 'Sidecars that follow this control plane, by how they stand to the latest revision (in_sync, pending, faulty, unknown_history).',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const states = counts.states();
      for (const state of Object.keys(states) as FollowerState[]) this.set({ state }, states[state]);
    },
  });
  void new Gauge({
    name: 'ostiary_hub_revision',
    help: 'The latest revision of the log that this control plane knows.',
    registers: [registry],
    collect() {
      this.set(counts.revision);
    },
  });
  void new Gauge({
    name: 'ostiary_hub_greatest_lag_seconds',
    help: 'How long ago the oldest change was written that a sidecar which follows this control plane does not enforce.',
    registers: [registry],
    collect() {
      this.set(counts.greatestLagMs() / 1000);
    },
  });
  const messages = counter('ostiary_hub_sent_messages_total', 'Messages that were sent to sidecars.').series();
  const bytes = counter('ostiary_hub_sent_bytes_total', 'Octets of these messages.').series();
  const refusals = counter(
    'ostiary_hub_refusals_total',
    'Sidecars that could not join or follow, by the reason (unauthenticated, name_taken, unavailable, other).',
    ['reason'],
  );
  for (const reason of [...REASONS.values(), 'other']) refusals.series(reason);
  const changes = counter('ostiary_hub_changes_total', 'Changes that this control plane has written.').series();
  const conflicts = counter(
    'ostiary_hub_conflicts_total',
    'Writes that were refused, since somebody else had written first or another owner has the resource.',
  ).series();
  const faults = counter(
    'ostiary_hub_database_faults_total',
    'Statements that the database of the control plane has not carried out.',
  ).series();
  return {
    sync: {
      told: (report) => counts.told(report),
      advanced: (position) => counts.advanced(position),
      sent(length) {
        messages.value += 1;
        bytes.value += length;
      },
      refused: (code) => void (refusals.series(REASONS.get(code) ?? 'other').value += 1),
    },
    writes: {
      written: (count) => void (changes.value += count),
      conflict: () => void (conflicts.value += 1),
      databaseFault: () => void (faults.value += 1),
    },
  };
}
