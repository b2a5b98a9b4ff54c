import type { DocumentSet } from '../document/document-set.ts';
import type { Fault } from '../errors.ts';

/**
 * Where documents come from. A source delivers documents and hears whether they are in force, and does not know what
 * they mean.
 */
export interface DocumentSource {
  /** False: every set is complete, so nothing has to be remembered between sets. */
  readonly tellsChanges: boolean;
  /** When all documents were last seen, changed or not, in milliseconds since the Unix epoch; 0: never yet. */
  readonly lookedAt: number;
  /**
   * Delivers all documents, and then changes: the next set only after the previous one was taken.
   * @param take resolves with the result of the delivery, and never rejects
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
   * Called once, after compiling and before putting in force. False: something has changed in the meantime, so this
   * delivery is dropped and the source delivers again.
   * @param files outside the documents, that they name
   */
  stillHolds(files: readonly string[]): Promise<boolean>;
}

export type Outcome =
  | { readonly result: 'in_force'; readonly version: string }
  /** What the faults concern stays as it was, or is withheld. */
  | {
      readonly result: 'faulty';
      readonly faults: readonly Fault[];
      /** The rest of it is in force. */
      readonly isInForce: boolean;
      /** Kind and name of documents that are not in force as they were delivered; absent: any may be. */
      readonly held?: readonly string[];
    }
  | { readonly result: 'outdated' };
