import { firstFaults, formatFault, MAX_TOLD_FAULTS } from '../document/fault.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { ConfigSource, ConfigStatus } from '../source/documents-in-force.ts';
import type { Reporting } from './reporting.ts';

/** Shows in metrics and in the log what documents are in force, from now on. */
export function reportDocuments(documents: ConfigSource, { log, metrics }: Reporting): void {
  const tellFaults = (snapshot: Snapshot, { faults, held }: ConfigStatus): void => {
    metrics.config.rejected(snapshot, held.length);
    for (const fault of firstFaults(faults, MAX_TOLD_FAULTS))
      log.error('fault in documents', { detail: formatFault(fault) });
    log.error('documents held back', { snapshot: snapshot.version, detail: heldText(held) });
    const withheld = withheldText(snapshot);
    if (withheld !== undefined) log.error('requests are denied', { snapshot: snapshot.version, detail: withheld });
  };
  if (documents.status().successful) metrics.config.loaded(documents.current());
  else tellFaults(documents.current(), documents.status());
  metrics.config.observeLook(() => documents.status().lookedAt);
  documents.onChange((snapshot, status) => {
    if (!status.successful) return tellFaults(snapshot, status);
    metrics.config.loaded(snapshot);
    log.info('documents reloaded', { snapshot: snapshot.version, apis: snapshot.apis.length });
  });
}

/** Told by name. */
const MAX_TOLD_NAMES = 20;

function heldText(held: readonly string[]): string {
  if (held.length === 0) return 'everything is in force as it was before';
  return `in force as before, or not yet: ${firstNames(held)}`;
}

function withheldText({ apis, withheld }: Snapshot): string | undefined {
  const remedy = 'with 503 (documents_faulty) until the faults are mended; ostiary validate finds them before a start';
  if (withheld !== undefined) return `every request ${remedy}: ${withheld}`;
  const names = apis.filter((api) => api.withheld !== undefined).map(({ name }) => name);
  return names.length === 0 ? undefined : `those of ${firstNames(names)} ${remedy}`;
}

function firstNames(names: readonly string[]): string {
  const more = names.length - MAX_TOLD_NAMES;
  return `${names.slice(0, MAX_TOLD_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
