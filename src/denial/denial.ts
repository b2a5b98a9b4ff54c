import type { WindowState } from '../quota/store.ts';

/**
 * Why a request is refused: rich inside, for logs, metrics and the operator. What the caller sees
 * of it is decided in one place, `envoy/answer.ts`, whose switch over `reason` is exhaustive.
 */
export type Denial = {
  /** What an operator reads. Never sent to the caller; never holds a secret or a token. */
  readonly detail: string;
} & (
  | { readonly reason: 'not_ready' }
  | { readonly reason: 'request_not_http' }
  | { readonly reason: 'host_malformed' }
  | { readonly reason: 'path_malformed' }
  | { readonly reason: 'api_unknown' }
  | { readonly reason: 'token_missing'; readonly status: 400 | 401 }
  | { readonly reason: 'token_invalid' }
  | { readonly reason: 'scope_insufficient'; readonly scopes: readonly string[] }
  | { readonly reason: 'keys_unavailable'; readonly retryAfterSeconds: number }
  | { readonly reason: 'token_unverified' }
  | { readonly reason: 'client_rejected'; readonly cause: ClientRejection; readonly challenge: string }
  | { readonly reason: 'contract_missing' }
  | { readonly reason: 'cost_invalid' }
  /** More than a window ever holds: no retry can succeed. */
  | { readonly reason: 'cost_above_limit'; readonly windows: readonly WindowState[]; readonly cost: number }
  | { readonly reason: 'quota_spent'; readonly windows: readonly WindowState[]; readonly cost: number }
  | { readonly reason: 'store_unavailable'; readonly retryAfterSeconds: number }
  | { readonly reason: 'policy_failed' }
);

export type Reason = Denial['reason'];

/** Told apart inside only: the caller sees one and the same 401. */
export type ClientRejection =
  | 'credentials_missing'
  | 'credentials_malformed'
  | 'client_unknown'
  | 'secret_wrong'
  | 'contract_missing'
  | 'contract_not_approved'
  | 'tier_missing';
