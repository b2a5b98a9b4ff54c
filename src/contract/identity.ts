import type { ClientApplication, Contract } from './contract.ts';

/** Who is calling, as far as enforced policies have established it. */
export interface Identity {
  readonly client?: ClientApplication;
  readonly contract?: Contract;
  /** The claims of a verified token. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The issuer of that token. A client application is its own if it lists any of these names under `issuers`. */
  readonly issuers?: readonly string[];
}
