import type { Limit } from '../quota/limit.ts';

/** A consumer of APIs, known by its client id. */
export interface ClientApplication {
  /** `metadata.name`. */
  readonly name: string;
  readonly clientId: string;
  /** Any one of them is accepted, so that a secret can be rotated; none: the client has no secret. */
  readonly secrets: readonly SecretHash[];
  /** Whose tokens may name it: an `iss`, or what a policy calls the issuer. Absent: where one issuer is taken, that one's. */
  readonly issuers?: ReadonlySet<string>;
  /** Any one of them is accepted until it expires. */
  readonly apiKeys?: readonly ApiKey[];
  /** The workloads that it is known by without a secret: SPIFFE ids, and patterns of them. */
  readonly principals?: readonly string[];
}

/** A key that a caller sends as `<id>.<secret>`, or one of another form that was brought along. */
export type ApiKey = IssuedKey | BroughtKey;

export interface IssuedKey extends KeyTerm {
  /** No secret: logs and labels may tell it. */
  readonly id: string;
  readonly secret: SecretHash;
}

export interface BroughtKey extends KeyTerm {
  /** Lower-case hex of HMAC-SHA-256 of the whole key, under a key that the service alone has. */
  readonly hmac: string;
}

interface KeyTerm {
  /** Milliseconds since the Unix epoch, from which on it is refused; undefined: never. */
  readonly expiresAt: number | undefined;
}

/** SHA-256(salt + secret). The secret itself is never kept. */
export interface SecretHash {
  readonly salt: Uint8Array;
  readonly sha256: Uint8Array;
}

export type ContractStatus = 'pending' | 'approved' | 'rejected' | 'revoked';

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
  /** None: it is unlimited. */
  readonly limits: readonly Limit[];
  /** Limits that are tried in shadow before they come into force; undefined: none are. */
  readonly proposedLimits?: readonly Limit[];
  /** Overrides the policy's own choice for contracts of this tier. */
  readonly onStoreFailure?: 'deny' | 'allow' | 'local';
}

/** Client applications by each name that a caller may be known by. */
export interface ClientIndex {
  client(clientId: string): ClientApplication | undefined;
  /** By what stands before the dot of an API key. */
  issuedKey(id: string): HeldKey<IssuedKey> | undefined;
  /** By its HMAC, as {@link BroughtKey} has it. */
  broughtKey(hmac: string): HeldKey<BroughtKey> | undefined;
  /** By the SPIFFE id of a workload. */
  workload(spiffeId: string): ClientApplication | undefined;
}

/** An API key and whose it is. */
export interface HeldKey<Key extends ApiKey = ApiKey> {
  readonly key: Key;
  readonly client: ClientApplication;
}

/** Who may use what. Look-ups are constant-time in the number of entries. */
export interface ContractDirectory extends ClientIndex {
  /** With any status: the caller of this method judges it. */
  contract(clientId: string, api: string): Contract | undefined;
}
