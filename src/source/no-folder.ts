import { Faults } from '../document/fault.ts';
import type { Delivery, DocumentSource, Outcome } from './document-source.ts';

/** No folder: what earlier ones have had is gone. */
export class NoFolder implements DocumentSource {
  readonly tellsChanges = false;
  readonly lookedAt = Infinity;

  open(take: (delivery: Delivery) => Promise<Outcome>): Promise<Outcome> {
    return take({
      set: { complete: true, documents: [], broken: [], faults: new Faults(), sources: [] },
      readAt: 0,
      readFile: () => Promise.reject(new Error('there is no folder')),
      stillHolds: async () => true,
    });
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}
