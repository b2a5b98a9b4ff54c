import { quotaPolicy, rateHeaders, retryAfter } from '../quota/rate-headers.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import type { CommonReasons, DenialOf, Reason } from './denial.ts';

/** The statuses of denials, and the gRPC status for each (google.rpc.Code). It is never 0, which would be an allow. */
export const GRPC_STATUSES = { 400: 3, 401: 16, 403: 7, 429: 8, 503: 14 } as const;

export type DenialStatus = keyof typeof GRPC_STATUSES;

/** The answer for a reason. */
export interface ReasonEntry<R extends Reason = Reason> {
  readonly httpStatus: DenialStatus | ((denial: DenialOf<R>) => DenialStatus);
  /** The text for callers, if the documents have no other. It must not reveal the cause. */
  readonly sentence: string;
  /** Headers of the answer to the caller. */
  readonly headers?: (denial: DenialOf<R>) => readonly HeaderEntry[];
  /** What happened, for operators: a row of `docs/metrics.md`. */
  readonly meaning: string;
}

/** The answers for reasons. Reasons of policies are included with their kinds. */
export type ReasonTable = { readonly [R in keyof CommonReasons]: ReasonEntry<R> } & {
  readonly [R in Reason]?: ReasonEntry<R>;
};

/** For failures with an unknown end: retry after this many seconds. */
const retrySoon = (): readonly HeaderEntry[] => [['retry-after', '5']];
const retryThen = ({ retryAfterSeconds }: { readonly retryAfterSeconds: number }): readonly HeaderEntry[] => [
  ['retry-after', String(Math.max(1, Math.ceil(retryAfterSeconds)))],
];
const UNAVAILABLE = 'The service is temporarily unavailable.';

/**
 * The one table of reasons: answers, schema, documentation and tests derive from it. A policy's own reasons are in its
 * kind.
 */
export const reasons = {
  not_ready: {
    httpStatus: 503,
    sentence: UNAVAILABLE,
    headers: retrySoon,
    meaning: 'no documents are loaded yet, or they are older than `--max-stale` allows',
  },
  documents_faulty: {
    httpStatus: 503,
    sentence: UNAVAILABLE,
    headers: retrySoon,
    meaning:
      'documents of the API have had faults since the start, and no earlier ones are known; or nobody can tell which',
  },
  documents_stale: {
    httpStatus: 503,
    sentence: UNAVAILABLE,
    headers: retrySoon,
    meaning: 'no control plane was heard for longer than `maxStale` of the API allows',
  },
  request_not_http: {
    httpStatus: 403,
    sentence: 'Only HTTP requests are served.',
    meaning: 'the Check describes no HTTP request',
  },
  host_malformed: {
    httpStatus: 400,
    sentence: 'The path of the request is malformed.',
    meaning: 'the host is not a name or an address with at most a port',
  },
  path_malformed: {
    httpStatus: 400,
    sentence: 'The path of the request is malformed.',
    meaning: 'the path can be read in more than one way, such as with `%2f` or a `..` above the root',
  },
  api_unknown: {
    httpStatus: 403,
    sentence: 'There is no API at this address.',
    meaning: 'no API matches host and path, or `ostiary.api` names an unknown one',
  },
  credential_missing: {
    httpStatus: 401,
    sentence: 'Authentication is required.',
    headers: ({ challenges }) => challenges.map((challenge) => ['www-authenticate', printable(challenge)]),
    meaning: 'the request has the credentials of none of the alternatives',
  },
  token_missing: {
    httpStatus: ({ status }) => status,
    sentence: 'An access token is required.',
    headers: ({ status }) => (status === 401 ? [['www-authenticate', 'Bearer']] : []),
    meaning: 'the request has no token',
  },
  token_invalid: {
    httpStatus: 401,
    sentence: 'The access token is invalid.',
    headers: () => [['www-authenticate', 'Bearer error="invalid_token"']],
    meaning: 'the token is not valid: its signature, times, issuer, audience, type or a claim',
  },
  scope_insufficient: {
    httpStatus: 403,
    sentence: 'The access token lacks a required scope.',
    headers: ({ scopes }) => [['www-authenticate', `Bearer error="insufficient_scope"${scopeParameter(scopes)}`]],
    meaning: 'the token lacks a required scope',
  },
  keys_unavailable: {
    httpStatus: 503,
    sentence: UNAVAILABLE,
    headers: retryThen,
    meaning: 'no key set of the issuer was ever loaded',
  },
  token_unverified: {
    httpStatus: 503,
    sentence: UNAVAILABLE,
    headers: retrySoon,
    meaning: 'too many tokens wait for the check of their signature, or the caller left before it',
  },
  client_rejected: {
    httpStatus: 401,
    sentence: 'Invalid client id or secret.',
    headers: ({ challenge }) => [['www-authenticate', printable(challenge)]],
    meaning: 'credentials missing, malformed or wrong, or no approved contract',
  },
  contract_missing: {
    httpStatus: 403,
    sentence: 'The client has no access to this API.',
    meaning: 'the token is valid, but its client has no approved contract',
  },
  cost_invalid: {
    httpStatus: 400,
    sentence: 'The cost of the request is invalid.',
    meaning: "the request's own cost is not an integer in range",
  },
  cost_above_limit: {
    httpStatus: 403,
    sentence: 'The request costs more than the quota ever allows.',
    // No retry can succeed, so the headers name the quotas and no time.
    headers: ({ windows }) => quotaPolicy(windows),
    meaning: 'the request costs more than a whole window',
  },
  quota_spent: {
    httpStatus: 429,
    sentence: 'The quota has been spent.',
    headers: ({ windows, cost }) => [retryAfter(windows, cost), ...rateHeaders(windows, cost)],
    meaning: 'a window does not have enough units left',
  },
  store_unavailable: {
    httpStatus: 503,
    sentence: UNAVAILABLE,
    headers: retryThen,
    meaning: 'the counter store did not answer, and `onStoreFailure` is `deny`',
  },
  policy_failed: {
    httpStatus: 503,
    sentence: UNAVAILABLE,
    headers: retrySoon,
    meaning: 'a policy failed unexpectedly, and `onFailure` is `deny`',
  },
} as const satisfies { readonly [R in keyof CommonReasons]: ReasonEntry<R> };

/** The table with other sentences in it. */
export function withSentences(
  table: ReasonTable,
  sentences: Readonly<Partial<Record<Reason, string | undefined>>>,
): ReasonTable {
  const told: Record<string, unknown> = { ...table };
  for (const [reason, sentence] of Object.entries(sentences)) {
    if (sentence !== undefined) told[reason] = { ...table[reason as Reason], sentence };
  }
  return told as ReasonTable;
}

function printable(challenge: string): string {
  return challenge.replaceAll(/[^\x20-\x7e]/g, '?');
}

/** RFC 6750, 3: scope tokens contain neither quotes nor backslashes. */
function scopeParameter(scopes: readonly string[]): string {
  const tokens = scopes.filter((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope));
  return tokens.length === 0 ? '' : `, scope="${tokens.join(' ')}"`;
}
