import type { Limit } from '../quota/limit.ts';

/** A consumer of APIs, known by its client id. */
export interface ClientApplication {
  /** `metadata.name`. */
  readonly name: string;
  readonly clientId: string;
  /** Any one of them is accepted, so that a secret can be rotated; none: the client has no secret. */
  readonly secrets: readonly SecretHash[];
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
  readonly limits: readonly Limit[];
  /** Overrides the policy's own choice for contracts of this tier. */
  readonly onStoreFailure?: 'deny' | 'allow' | 'local';
}

/** Who may use what. Look-ups are constant-time in the number of entries. */
export interface ContractDirectory {
  client(clientId: string): ClientApplication | undefined;
  /** Whatever its status: the caller judges that. */
  contract(clientId: string, api: string): Contract | undefined;
}
