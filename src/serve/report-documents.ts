import { firstFaults, formatFault, MAX_TOLD_FAULTS } from '../document/fault.ts';
import type { ConfigSource } from '../source/documents-in-force.ts';
import type { Reporting } from './reporting.ts';

/** Shows in metrics and in the log what documents are in force, from now on. */
export function reportDocuments(documents: ConfigSource, { log, metrics }: Reporting): void {
  metrics.config.loaded(documents.current());
  metrics.config.observeLook(() => documents.status().lookedAt);
  documents.onChange((snapshot, { successful, faults, held }) => {
    if (successful) {
      metrics.config.loaded(snapshot);
      log.info('documents reloaded', { snapshot: snapshot.version, apis: snapshot.apis.length });
    } else {
      metrics.config.rejected(snapshot, held.length);
      for (const fault of firstFaults(faults, MAX_TOLD_FAULTS))
        log.error('fault in documents', { detail: formatFault(fault) });
      log.error('documents held back', { snapshot: snapshot.version, detail: heldText(held) });
    }
  });
}

/** Told by name. */
const MAX_TOLD_HELD = 20;

function heldText(held: readonly string[]): string {
  if (held.length === 0) return 'everything is in force as it was before';
  const more = held.length - MAX_TOLD_HELD;
  const names = held.slice(0, MAX_TOLD_HELD).join(', ');
  return `in force as before, or not yet: ${names}${more > 0 ? ` and ${more} more` : ''}`;
}
