import type { Faults } from './fault.ts';
import type { BrokenDocument, Loaded } from './load.ts';
import type { Kind } from './schema.ts';

/** All documents of a source. They replace what it delivered before. */
export interface CompleteSet {
  readonly complete: true;
  readonly documents: readonly Loaded[];
  /** Documents with faults: a reference to one of them is not a further fault. */
  readonly broken: readonly BrokenDocument[];
  /** What could not be read. */
  readonly faults: Faults;
  /** Where the documents come from, such as files. */
  readonly sources: readonly string[];
  /** Of these, or of parts of them, nobody can tell what documents they hold. Absent: of none. */
  readonly unknown?: readonly string[];
  /** Why no request may be decided by these: there may be others. Absent: they are all. */
  readonly withheld?: string | undefined;
  /** What was asked for is not there at all. */
  readonly isAbsent?: boolean;
}

/** The changes since the previous set. A document is identified by its kind and name. */
export interface ChangeSet {
  readonly complete: false;
  /** New documents, and documents that replace one of the same name. */
  readonly upserts: readonly Loaded[];
  readonly removals: readonly DocumentKey[];
}

export interface DocumentKey {
  readonly kind: Kind;
  /** A name in the form of {@link qualifiedName}. */
  readonly name: string;
}

export type DocumentSet = CompleteSet | ChangeSet;
