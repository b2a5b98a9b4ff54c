import type { Limit } from '../quota/limit.ts';

/** A consumer of APIs, known by its client id. */
export interface ClientApplication {
  /** `metadata.name`. */
  readonly name: string;
  readonly clientId: string;
  /** Any one of them is accepted, so that a secret can be rotated; none: the client has no secret. */
  readonly secrets: readonly SecretHash[];
  /**
   * The issuers whose tokens may name this client: values of `iss`, or a policy's own names of issuers. Absent: the
   * one issuer of a policy that has only one.
   */
  readonly issuers?: ReadonlySet<string>;
  /** Any one of them is accepted until it expires. */
  readonly apiKeys?: readonly ApiKey[];
  /** The workloads that identify this client without a secret: SPIFFE ids, and patterns of them. */
  readonly principals?: readonly string[];
}

/** A key that a caller sends as `<id>.<secret>`, or one of another form that was issued elsewhere. */
export type ApiKey = IssuedKey | BroughtKey;

export interface IssuedKey extends KeyTerm {
  /** Not secret: logs and labels may show it. */
  readonly id: string;
  readonly secret: SecretHash;
}

export interface BroughtKey extends KeyTerm {
  /** HMAC-SHA-256 of the whole key, in lower-case hex. Only the service has the HMAC's own key. */
  readonly hmac: string;
}

interface KeyTerm {
  /** Milliseconds since the Unix epoch, from which on the key is refused; undefined: never. */
  readonly expiresAt: number | undefined;
}

/** SHA-256(salt + secret). The secret itself is never kept. */
export interface SecretHash {
  readonly salt: Uint8Array;
  readonly sha256: Uint8Array;
}

/** `expired`: it was approved, and its end has come. */
export type ContractStatus = 'pending' | 'approved' | 'rejected' | 'revoked' | 'expired';

/** The agreement of one client application with one API. */
export interface Contract {
  /** `metadata.name`. */
  readonly name: string;
  /** The name of the API. */
  readonly api: string;
  readonly client: ClientApplication;
  readonly status: ContractStatus;
  readonly tier: Tier | undefined;
}

/** An SLA tier of an API. */
export interface Tier {
  readonly name: string;
  /** Empty: the tier is unlimited. */
  readonly limits: readonly Limit[];
  /** Limits that run in shadow before they come into force; undefined: none. */
  readonly proposedLimits?: readonly Limit[];
  /** Overrides the policy's own choice for contracts of this tier. */
  readonly onStoreFailure?: 'deny' | 'allow' | 'local';
}

/** @param id the part of an API key before the dot */
export interface ClientIndex {
  client(clientId: string): ClientApplication | undefined;
  /** By what stands before the dot of an API key. */
  issuedKey(id: string): HeldKey<IssuedKey> | undefined;
  /** @param hmac as {@link BroughtKey} has it */
  broughtKey(hmac: string): HeldKey<BroughtKey> | undefined;
  /** @param spiffeId the SPIFFE id of a workload */
  workload(spiffeId: string): ClientApplication | undefined;
}

/** An API key and its owner. */
export interface HeldKey<Key extends ApiKey = ApiKey> {
  readonly key: Key;
  readonly client: ClientApplication;
}

/** Clients and contracts. The time of a look-up does not depend on the number of entries. */
export interface ContractDirectory extends ClientIndex {
  /** Returns a contract of any status; the caller of this method must check it. */
  contract(clientId: string, api: string): Contract | undefined;
}
