import type { Faults } from './fault.ts';
import type { BrokenDocument, Loaded } from './load.ts';
import type { Kind } from './schema.ts';

/** All documents of a source, in place of what it delivered before. */
export interface CompleteSet {
  readonly complete: true;
  readonly documents: readonly Loaded[];
  /** Documents with faults: references to them are no faults of their own. */
  readonly broken: readonly BrokenDocument[];
  /** What could not be read. */
  readonly faults: Faults;
  /** Where the documents come from, such as files. */
  readonly sources: readonly string[];
}

/** What has changed since the set before. A document is known by its kind and name. */
export interface ChangeSet {
  readonly complete: false;
  /** New documents, and those that take the place of the one of their name. */
  readonly upserts: readonly Loaded[];
  readonly removals: readonly DocumentKey[];
}

export interface DocumentKey {
  readonly kind: Kind;
  /** As {@link qualifiedName} makes it. */
  readonly name: string;
}

export type DocumentSet = CompleteSet | ChangeSet;
