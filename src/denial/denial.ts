import type { WindowState } from '../quota/store.ts';

/** The reasons for denials that any API can have, and the data of each beside the detail. */
export interface CommonReasons {
  not_ready: object;
  documents_faulty: object;
  documents_stale: object;
  request_not_http: object;
  host_malformed: object;
  path_malformed: object;
  api_unknown: object;
  /** No alternative of a group has its credentials. */
  credential_missing: { readonly challenges: readonly string[] };
  token_missing: { readonly status: 400 | 401 };
  token_invalid: object;
  scope_insufficient: { readonly scopes: readonly string[] };
  keys_unavailable: { readonly retryAfterSeconds: number };
  token_unverified: object;
  client_rejected: { readonly cause: ClientRejection; readonly challenge: string };
  contract_missing: object;
  cost_invalid: object;
  /** The cost is more than a whole window: no retry can succeed. */
  cost_above_limit: { readonly windows: readonly WindowState[]; readonly cost: number };
  quota_spent: { readonly windows: readonly WindowState[]; readonly cost: number };
  store_unavailable: { readonly retryAfterSeconds: number };
  policy_failed: object;
}

/**
 * Every reason. A policy adds its own in its file, and says in its kind what callers see of them:
 *
 *     declare module '../denial/denial.ts' { interface Reasons { address_refused: object } }
 */
// oxlint-disable-next-line typescript/no-empty-object-type typescript/no-empty-interface -- policies add to it
export interface Reasons extends CommonReasons {}

export type Reason = keyof Reasons;

/**
 * What a challenge says beside the reason's own text (RFC 9110, 11.6.1). It depends on the API and on other policies.
 */
export interface ChallengeContext {
  /** Challenges of the other policies that could authenticate the request. */
  readonly others?: readonly string[];
  /** URL of the API's metadata, for challenges of the scheme Bearer (RFC 9728, 5.1). */
  readonly resourceMetadata?: string;
  /**
   * The scopes that a token needs. A Bearer challenge names them if it has none of its own and there is metadata (RFC
   * 6750, 3).
   */
  readonly scopes?: readonly string[] | undefined;
}

/** The denial of one reason. */
export type DenialOf<R extends Reason> = {
  readonly reason: R;
  readonly challenging?: ChallengeContext;
  /** What an operator reads. Never sent to the caller; never holds a secret or a token. */
  readonly detail: string;
  /** Dynamic metadata for access logs and later filters, beside that of every denial. */
  readonly metadata?: Readonly<Record<string, string>>;
} & Reasons[R];

/**
 * Why a request is refused, in detail, for logs, metrics and operators. The table of reasons says what the caller
 * sees.
 */
export type Denial = { readonly [R in Reason]: DenialOf<R> }[Reason];

/** Distinguished only internally: the caller always sees the same 401. */
export type ClientRejection =
  | 'credentials_missing'
  | 'credentials_malformed'
  | 'client_unknown'
  | 'secret_wrong'
  | 'contract_missing'
  | 'contract_not_approved'
  | 'tier_missing'
  | 'issuer_mismatch';
