import { formatFault } from '../document/fault.ts';
import { UserError } from '../errors.ts';
import type { Fault } from '../errors.ts';

/** The documents have faults and nothing good was loaded before. */
export class FaultyDocuments extends UserError {
  override name = 'FaultyDocuments';
  readonly faults: readonly Fault[];
  constructor(faults: readonly Fault[]) {
    super(['the documents have faults:', ...faults.map(formatFault)].join('\n'));
    this.faults = faults;
  }
}
