import type { DocumentSet } from '../document/document-set.ts';
import type { Fault } from '../errors.ts';

/** Where documents come from. It delivers them, is told what became of them, and knows nothing of what they mean. */
export interface DocumentSource {
  /** False: every set is complete, so that nothing need be remembered from one to the next. */
  readonly tellsChanges: boolean;
  /** When all documents were last seen, changed or not, in milliseconds since the Unix epoch; 0: never yet. */
  readonly lookedAt: number;
  /**
   * Delivers all documents, and from then on what changes: the next set when the one before has been taken.
   * @param take resolves with what became of the delivery, and never rejects
   * @returns what became of the first set
   */
  open(take: (delivery: Delivery) => Promise<Outcome>): Promise<Outcome>;
  /** Ends deliveries; one that is under way is still taken. */
  close(): Promise<void>;
}

export interface Delivery {
  readonly set: DocumentSet;
  /** When the source was asked for it, in milliseconds since the Unix epoch. */
  readonly readAt: number;
  /**
   * Reads a file that a document names.
   * @throws (rejects with) the file system's error
   */
  readFile(path: string, maxBytes: number): Promise<Buffer>;
  /**
   * Asked once, between compiling and taking in force. False: something has changed meanwhile, this delivery is
   * dropped, and the source delivers again.
   * @param files outside the documents, that they name
   */
  stillHolds(files: readonly string[]): Promise<boolean>;
}

export type Outcome =
  | { readonly result: 'in_force'; readonly version: string }
  /** What was in force before still is. */
  | { readonly result: 'faulty'; readonly faults: readonly Fault[] }
  | { readonly result: 'outdated' };
