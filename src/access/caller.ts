// Who calls the control plane, and what they hold: types alone.

/** What somebody is in a team. */
export type Role = 'admin' | 'owner' | 'developer' | 'viewer' | 'auditor';

/** The team whose roles hold everywhere. */
export const PLATFORM_TEAM = 'platform';

/** Who calls, as it was proven. */
export interface Identity {
  /** As the audit keeps it: `bootstrap`, `user:alice@example.com`, `local:bob` or `token:ci-orders`. */
  readonly name: string;
  /** Whose token this is, named as people are in `name`; absent: `name` is the person, or a token that is nobody's. */
  readonly person?: string;
  /** What proved it: `bootstrap`, `session:ID` or `token:ID`. Never a secret. */
  readonly credential: string;
  /** Of the peer; empty: not known. */
  readonly address: string;
  /** Whoever has the token of the first start. */
  readonly isBootstrap: boolean;
  /** Of the identity provider, or of a local user. */
  readonly groups: readonly string[];
  /** Narrower than what its person or team may; absent: not narrowed. */
  readonly limits?: CallerLimits;
}

/** Each empty list: any. */
export interface CallerLimits {
  readonly verbs: readonly string[];
  readonly kinds: readonly string[];
  readonly teams: readonly string[];
}

/** Of the team {@link PLATFORM_TEAM}: everywhere. */
export interface Grant {
  readonly team: string;
  readonly role: Role;
}

export interface Caller extends Identity {
  readonly grants: readonly Grant[];
}
