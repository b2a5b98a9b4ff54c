import type { ClientApplication, Contract } from './contract.ts';

/** Who is calling, as far as enforced policies have established it. */
export interface Identity {
  readonly client?: ClientApplication;
  readonly contract?: Contract;
  /** The claims of a verified token. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Of that token: names under any of which a client application may say that its issuer is its own. */
  readonly issuers?: readonly string[];
}
