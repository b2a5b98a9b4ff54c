import type { RejectionFault } from './rejection.ts';
import type { Scope } from './scope.ts';

/** What a credential stands for. */
export interface SidecarIdentity {
  readonly node: string;
  readonly scope: Scope;
  /** The hash of a join token, or the subject that somebody has vouched for. */
  readonly joinedBy: string;
}

export interface JoinToken {
  /** 64 hex digits: SHA-256 of the token. */
  readonly hash: string;
  readonly name: string;
  readonly scope: Scope;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** 0: any number. */
  readonly mostUses: number;
}

export interface Joining {
  readonly tokenHash: string;
  readonly credentialHash: string;
  readonly node: string;
  readonly version: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** Of a sidecar that somebody else vouches for. */
export interface Admission extends Omit<Joining, 'tokenHash'> {
  /** Whom they vouch for. */
  readonly subject: string;
  readonly scope: Scope;
  /** Of its token, where that is of one pod: a pod that came before another one of its name takes no place of that. */
  readonly issuedAt?: number;
}

export type Joined =
  | { readonly result: 'joined'; readonly scope: Scope }
  /** Unknown, expired, or used up. */
  | { readonly result: 'bad_token' }
  /** Another pod has taken the place of the one that the token is of. */
  | { readonly result: 'outdated' }
  /** The node has joined with another token. */
  | { readonly result: 'taken' };

/** What one control plane knows of a sidecar that follows it. */
export interface SidecarReport {
  readonly node: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The revision that it enforces; 0: none. */
  readonly enforcedRevision: number;
  /** When it was acknowledged. */
  readonly enforcedAt: number;
  readonly faults: readonly RejectionFault[];
  /** The history that it follows where that is not this log's. */
  readonly otherHistory: string;
  /** How long it serves without contact; 0: for ever. */
  readonly maxStaleMs: number;
  readonly isConnected: boolean;
  readonly hasLeft: boolean;
  readonly lastContactAt: number;
}

export interface SidecarRecord extends SidecarReport {
  readonly scope: Scope;
  readonly joinedAt: number;
}

/** Who may follow and what each enforces, for all control planes of one database. Each method throws DatabaseFault (rejects with it). */
export interface SidecarStore {
  addToken(token: JoinToken): Promise<void>;
  /** Takes one use of the token and makes the credential that of the node, in one transaction. */
  join(joining: Joining): Promise<Joined>;
  /** Makes the credential that of the node; what is known of it stays where it has that already. */
  admit(admission: Admission): Promise<Joined>;
  /** Undefined: nobody has this credential. */
  identify(credentialHash: string): Promise<SidecarIdentity | undefined>;
  /**
   * Takes over what has changed of sidecars that follow the control plane `instance`. A report of one that has since
   * begun to follow another control plane changes nothing if it says that it is gone from here.
   * @returns those of the nodes that are unknown, so their streams are to end
   */
  report(instance: string, reports: readonly SidecarReport[]): Promise<readonly string[]>;
  /** Those that follow `instance` are still there. */
  touch(instance: string, at: number): Promise<void>;
  /** By name. */
  list(): Promise<readonly SidecarRecord[]>;
  /** @returns false: there was none */
  forget(node: string): Promise<boolean>;
  /** Nodes that follow these histories, up to what was committed at a time, are to take this log. */
  adopt(histories: readonly string[], at: number): Promise<void>;
  /** When a history was adopted last; undefined: never. */
  adoptedAt(history: string): Promise<number | undefined>;
}
