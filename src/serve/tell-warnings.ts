import { firstFaults, formatFault, MAX_TOLD_FAULTS } from '../document/fault.ts';
import type { Fault } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import type { ConfigSource } from '../source/documents-in-force.ts';

/** Logs each warning of the documents once: at load, and after a reload those that are new. */
export function tellWarnings(documents: Pick<ConfigSource, 'status' | 'onChange'>, log: Pick<Log, 'warn'>): void {
  let told = new Set<string>();
  const tell = (): void => {
    const { warnings } = documents.status();
    const fresh = warnings.filter((warning) => !told.has(identityOf(warning)));
    for (const warning of firstFaults(fresh, MAX_TOLD_FAULTS)) {
      log.warn('documents', { detail: formatFault(warning) });
    }
    told = new Set(warnings.map(identityOf));
  };
  documents.onChange(tell);
  tell();
}

/** A warning whose line has changed is not a new one. */
function identityOf({ file, field, message }: Fault): string {
  return JSON.stringify([file, field, message]);
}
