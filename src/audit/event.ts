// What the rest of the control plane knows of its audit trail: nothing here loads a database.

/** What can happen besides changes of resources, which the log keeps. A new action is a line here and in docs/audit.md. */
export const AUDIT_ACTIONS = {
  login: 'somebody has shown who they are, or tried to',
  logout: 'somebody has ended their own session',
  'session.ended': 'sessions of somebody were ended',
  'token.created': 'a token was made: its secret was told once',
  'token.revoked': 'a token was revoked',
  'user.created': 'a local user was made',
  'user.changed': 'a local user, or their password, was changed',
  'user.removed': 'a local user was removed',
  denied: 'a call was refused: the caller may not do this, or has not shown who they are',
  'secret.read': 'a document that holds a secret, encrypted or hashed, was read',
  'backup.read': 'everything was read, as a backup',
  'export.read': 'documents were read, as files',
  'snapshot.read': 'documents were read, as a signed snapshot',
  'audit.read': 'the audit trail was exported',
  'sidecar.joined': 'a sidecar has joined with a token',
  'sidecar.forgotten': 'a sidecar was forgotten: its credential ends',
  'sidecar.adopted': 'sidecars of another log were told to take this one',
  'counter.read': 'counters of a sidecar were asked for',
  'counter.reset': 'counters of a sidecar were set back',
  'message.sent': 'a message of a webhook was sent again by hand',
  'audit.pruned': 'events that were kept long enough were removed',
  'audit.lost': 'events could not be kept, since the database was away',
} as const;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

/**
 * - `denied`: they may not
 * - `failed`: they might, but it did not come to that
 * - `begun`: it is done elsewhere, and can't be undone: kept before, whatever becomes of it
 */
export const AUDIT_OUTCOMES = ['done', 'denied', 'failed', 'begun'] as const;

export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** Who did it. Empty: not known. */
export interface AuditedCaller {
  /** Such as `user:alice@example.com` or `token:ci-orders`; empty unless they have shown it: who failed to is in the detail. */
  readonly name: string;
  /** By what they have shown it: `session:ID`, `token:ID`; never the secret. */
  readonly credential: string;
  /** Of the peer, without its port. */
  readonly address: string;
}

/** A caller who has shown nothing. */
export const NOBODY: AuditedCaller = { name: '', credential: '', address: '' };

export interface AuditEvent {
  readonly action: AuditAction;
  readonly outcome: AuditOutcome;
  readonly caller: AuditedCaller;
  /** What it was done to, where that has a name. */
  readonly target?: { readonly kind: string; readonly namespace: string; readonly name: string };
  /** What else is to be known, such as the method and the reason of a denial. Never a secret, nor what may hold one. */
  readonly detail?: Readonly<Record<string, string>>;
}

/** What changes do, as actions. */
export const CHANGE_ACTIONS = ['created', 'changed', 'deleted'] as const;
