import type { Denial, Reason } from '../denial/denial.ts';
import type { Check } from '../request/check.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { quotaPolicy, rateHeaders, retryAfter } from './rate-headers.ts';

/** What the caller of an API sees of a denial. */
export interface PublicAnswer {
  readonly httpStatus: number;
  /** The same in gRPC's terms (google.rpc.Code); never 0, which would be an allow. */
  readonly grpcStatus: number;
  readonly headers: readonly HeaderEntry[];
  readonly body: string;
}

/** Sentences that replace the default ones. */
export type Messages = Readonly<Partial<Record<Reason, string>>>;

interface Answer {
  readonly httpStatus: keyof typeof grpcStatuses;
  /** Says nothing that tells one cause from another. */
  readonly sentence: string;
  readonly headers?: readonly HeaderEntry[];
}

/** INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAVAILABLE. */
const grpcStatuses = { 400: 3, 401: 16, 403: 7, 429: 8, 503: 14 } as const;

/** Seconds; for failures that don't say themselves when they may be over. */
const retrySoon: HeaderEntry = ['retry-after', '5'];
const unavailable = 'The service is temporarily unavailable.';

/**
 * Generic text outside, whatever is known inside: `detail` is not read here.
 * @param isGrpc Envoy turns a gRPC caller's denial into `grpc-status` and `grpc-message`, the latter
 *   from the body: such a caller gets the plain sentence as body and a `grpc-status` that goes before
 *   Envoy's own, which makes UNAVAILABLE of a 429, and clients retry that
 */
export function publicAnswer(denial: Denial, isGrpc: boolean, messages: Messages): PublicAnswer {
  const { httpStatus, sentence, headers = [] } = answerTo(denial);
  const grpcStatus = grpcStatuses[httpStatus];
  const text = messages[denial.reason] ?? sentence;
  if (isGrpc) return { httpStatus, grpcStatus, headers: [...headers, ['grpc-status', String(grpcStatus)]], body: text };
  const body = JSON.stringify({ error: text });
  return { httpStatus, grpcStatus, headers: [...headers, ['content-type', 'application/json']], body };
}

/** As Envoy tells them: `application/grpc` and `application/grpc+…`, but not `application/grpc-web`. */
export function isGrpcCaller(check: Check): boolean {
  const contentType = check.header('content-type') ?? '';
  return contentType === 'application/grpc' || contentType.startsWith('application/grpc+');
}

// oxlint-disable-next-line typescript/consistent-return -- the compiler proves that no reason is left out
function answerTo(denial: Denial): Answer {
  switch (denial.reason) {
    case 'not_ready':
    case 'policy_failed':
    case 'token_unverified':
      return { httpStatus: 503, sentence: unavailable, headers: [retrySoon] };
    case 'keys_unavailable':
    case 'store_unavailable':
      return { httpStatus: 503, sentence: unavailable, headers: [['retry-after', seconds(denial.retryAfterSeconds)]] };
    case 'request_not_http':
      return { httpStatus: 403, sentence: 'Only HTTP requests are served.' };
    case 'host_malformed':
    case 'path_malformed':
      return { httpStatus: 400, sentence: 'The path of the request is malformed.' };
    case 'api_unknown':
      return { httpStatus: 403, sentence: 'There is no API at this address.' };
    case 'token_missing':
      return denial.status === 401
        ? { httpStatus: 401, sentence: 'An access token is required.', headers: [['www-authenticate', 'Bearer']] }
        : { httpStatus: 400, sentence: 'An access token is required.' };
    case 'token_invalid':
      return {
        httpStatus: 401,
        sentence: 'The access token is invalid.',
        headers: [['www-authenticate', 'Bearer error="invalid_token"']],
      };
    case 'scope_insufficient':
      return {
        httpStatus: 403,
        sentence: 'The access token lacks a required scope.',
        headers: [['www-authenticate', `Bearer error="insufficient_scope"${scopeParameter(denial.scopes)}`]],
      };
    case 'client_rejected':
      return {
        httpStatus: 401,
        sentence: 'Invalid client id or secret.',
        headers: [['www-authenticate', denial.challenge.replaceAll(/[^\x20-\x7e]/g, '?')]],
      };
    case 'contract_missing':
      return { httpStatus: 403, sentence: 'The client has no access to this API.' };
    case 'cost_invalid':
      return { httpStatus: 400, sentence: 'The cost of the request is invalid.' };
    case 'cost_above_limit':
      // No retry can succeed, so none is promised: the quotas are told, and no time.
      return {
        httpStatus: 403,
        sentence: 'The request costs more than the quota ever allows.',
        headers: quotaPolicy(denial.windows),
      };
    case 'quota_spent':
      return {
        httpStatus: 429,
        sentence: 'The quota has been spent.',
        headers: [retryAfter(denial.windows, denial.cost), ...rateHeaders(denial.windows, denial.cost)],
      };
  }
}

/** RFC 6750, 3: scope tokens hold neither quotes nor backslashes. */
function scopeParameter(scopes: readonly string[]): string {
  const tokens = scopes.filter((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope));
  return tokens.length === 0 ? '' : `, scope="${tokens.join(' ')}"`;
}

function seconds(value: number): string {
  return String(Math.max(1, Math.ceil(value)));
}
