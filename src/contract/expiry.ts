import type { ClientApplication, Contract, ContractStatus, SecretHash } from './contract.ts';

/** Milliseconds since the Unix epoch. */
type Now = () => number;

/** A contract that ends by itself, whoever else is away: its status is asked at each Check. */
export class ExpiringContract implements Contract {
  readonly name: string;
  readonly api: string;
  readonly client: ClientApplication;
  readonly tier: Contract['tier'];
  readonly #status: ContractStatus;
  readonly #expiresAt: number;
  readonly #now: Now;

  /** @param expiresAt from then on it is expired, in milliseconds since the Unix epoch */
  constructor({ name, api, client, status, tier }: Contract, expiresAt: number, now: Now) {
    this.name = name;
    this.api = api;
    this.client = client;
    this.tier = tier;
    this.#status = status;
    this.#expiresAt = expiresAt;
    this.#now = now;
  }

  get status(): ContractStatus {
    return this.#status === 'approved' && this.#now() >= this.#expiresAt ? 'expired' : this.#status;
  }
}

/** A secret, and when it ends in milliseconds since the Unix epoch; Infinity: never. */
export interface ExpiringSecret {
  readonly hash: SecretHash;
  readonly expiresAt: number;
}

/** A client application of which a secret ends by itself, as in a rotation. */
export class ExpiringClient implements ClientApplication {
  readonly name: string;
  readonly clientId: string;
  declare readonly issuers?: ReadonlySet<string>;
  declare readonly apiKeys?: NonNullable<ClientApplication['apiKeys']>;
  declare readonly principals?: readonly string[];
  readonly #secrets: readonly ExpiringSecret[];
  readonly #now: Now;

  constructor({ secrets: _all, ...client }: ClientApplication, secrets: readonly ExpiringSecret[], now: Now) {
    this.name = client.name;
    this.clientId = client.clientId;
    if (client.issuers !== undefined) this.issuers = client.issuers;
    if (client.apiKeys !== undefined) this.apiKeys = client.apiKeys;
    if (client.principals !== undefined) this.principals = client.principals;
    this.#secrets = secrets;
    this.#now = now;
  }

  /** Those that are valid now. */
  get secrets(): readonly SecretHash[] {
    const now = this.#now();
    return this.#secrets.filter(({ expiresAt }) => now < expiresAt).map(({ hash }) => hash);
  }
}
