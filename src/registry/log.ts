// What the rest of the control plane knows of its log: types alone, so that nothing else loads a database.

/** The kinds of `document/schema.ts`, and those that only a control plane has. */
export interface ResourceKey {
  readonly kind: string;
  /** `default` where the document says none. */
  readonly namespace: string;
  readonly name: string;
}

/**
 * Who writes a resource: people, by commands and calls (`api`) or the console; or something that keeps it elsewhere, where it
 * has to be changed.
 */
export type Owner = 'api' | 'files' | 'git' | 'kubernetes' | 'console';

export interface Ownership {
  readonly owner: Owner;
  /** Where the owner keeps it, such as the URL of a repository; absent: nowhere else. */
  readonly source?: string;
}

export interface Resource extends ResourceKey, Ownership {
  /** Of the change that made it what it is. */
  readonly revision: number;
  /** Of the change that created it: of two APIs that claim the same, the older one holds it. */
  readonly createdRevision: number;
  /** When it became what it is, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** The set it was applied with (`ostiary apply --set`); empty: none. */
  readonly set: string;
  /** The document as it is written in YAML, without defaults; secrets are hashed before they come here. */
  readonly document: unknown;
  /**
   * Fields of `spec` that were decided here, such as the status of a contract, as its owner's document has them; null: it
   * has none. They are as decided until that document says something else.
   */
  readonly declared?: Readonly<Record<string, unknown>>;
}

/** One write of one resource. */
export interface Change extends ResourceKey {
  readonly revision: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Who wrote, such as `token:ci-orders`. */
  readonly actor: string;
  /** What proved who they are, such as `token:ID`; never the secret. Empty: not known, or a part of ostiary wrote. */
  readonly credential: string;
  /** Where they wrote from. Empty: not known. */
  readonly address: string;
  /** Why, in their words; may be empty. */
  readonly reason: string;
  readonly before: Resource | undefined;
  /** Undefined: deleted. */
  readonly after: Resource | undefined;
  /** 64 hex digits: SHA-256 over the hash of the revision before and this change. */
  readonly hash: string;
}

/** How far a log has come. */
export interface Head {
  /** Drawn when the database was made, and again when a backup is restored: 32 hex digits. */
  readonly history: string;
  /** 0: nothing was written yet. */
  readonly revision: number;
  /** Of the change of this revision; 64 zeros for none. */
  readonly hash: string;
}

export interface Write extends Ownership {
  readonly key: ResourceKey;
  /** Undefined: delete it. */
  readonly document: unknown;
  readonly set: string;
  readonly declared?: Resource['declared'];
  /** It may be another owner's, and is the writer's from now on. */
  readonly isTakenOver?: boolean;
  /** The revision that the writer has seen: 0 if the resource must be new; absent: whatever it is. */
  readonly expectedRevision?: number;
}

export interface Author {
  readonly actor: string;
  readonly reason: string;
  /** What proved who they are, such as `token:ID`; absent: a part of ostiary writes. */
  readonly credential?: string;
  /** Where they wrote from; absent: not known. */
  readonly address?: string;
}

/** One log of changes: every write takes the next revision, in the order in which they are committed, without holes. */
export interface ResourceLog {
  head(): Promise<Head>;
  /** All resources, as of one revision. */
  snapshot(): Promise<{ readonly head: Head; readonly resources: readonly Resource[] }>;
  /**
   * The same, page by page: nobody has to hold all of it.
   * @param take gets resources, and their documents as JSON
   */
  scan(take: (page: readonly Resource[], texts: readonly string[]) => void): Promise<Head>;
  /** In ascending order, at most `limit`. */
  changesAfter(revision: number, limit: number): Promise<readonly Change[]>;
  /** The hash of a revision; undefined: this log has none of that number. */
  hashAt(revision: number): Promise<string | undefined>;
  /**
   * Writes all of it, in one transaction, or nothing. A write that changes nothing takes no revision.
   * @param checkedAt the revision that the writes were checked against; absent: they hold whatever was written before
   * @throws Conflict where `expectedRevision` or the owner is another
   * @throws Outrun where the log has come further than `checkedAt`: read on, check again
   * @throws DatabaseFault
   */
  write(
    writes: readonly Write[],
    author: Author,
    checkedAt?: number,
  ): Promise<{ readonly head: Head; readonly changes: readonly Change[] }>;
  /** Called soon after each commit, of other processes too. Revisions may be skipped: ask for what is new. */
  onChange(listener: (revision: number) => void): () => void;
  close(): Promise<void>;
}
