import type { ClientApplication, Contract } from './contract/contract.ts';
import type { WindowState } from './counter/store.ts';

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

/** Who is calling, as far as the enforced policies have established it. */
export interface Identity {
  readonly client?: ClientApplication;
  readonly contract?: Contract;
  /** The claims of a verified token. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export type HeaderEntry = readonly [name: string, value: string];

/** What became of one policy. */
export interface Step {
  /** The binding's name, or `<api>/<name>` for an API's own policy, whose kind names it where it has no name. */
  readonly name: string;
  /** The kind, such as `jwt-validation`. */
  readonly policy: string;
  readonly mode: 'enforce' | 'shadow';
  readonly result: 'allow' | 'deny' | 'not_applicable' | 'not_reached' | 'failed';
  readonly denial?: Denial | undefined;
  /** Whom this policy established. */
  readonly identity?: Identity | undefined;
  /** Quota policies: the windows after the decision. */
  readonly windows?: readonly WindowState[] | undefined;
  /** Units it charged, or would charge. */
  readonly cost?: number | undefined;
  readonly durationMs: number;
}

/** The whole result of a Check: what Envoy is told, and what is logged and counted. */
export interface Decision {
  /** The API's name; empty where none matches. */
  readonly api: string;
  /** Undefined: the request is allowed. */
  readonly denial: Denial | undefined;
  /** The name of the policy that denied; empty where none did. */
  readonly policy: string;
  readonly identity: Identity;
  /** Headers for the upstream that this request's own result sets. */
  readonly upstream: readonly HeaderEntry[];
  /** Request headers that the upstream must not see: credentials by choice, and every identity header not set above. */
  readonly remove: readonly string[];
  /** Windows whose rate headers the caller sees on an allow; empty where no policy exposes them. */
  readonly exposed: readonly WindowState[];
  readonly steps: readonly Step[];
  readonly snapshotVersion: string;
}
