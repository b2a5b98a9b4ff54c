import type { Entry } from './entry.ts';

/** How a request ended: see `docs/analytics.md`. */
export const OUTCOMES = ['processed', 'blocked', 'answered', 'unchecked', 'check_error', 'rejected_by_envoy'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** `TcpConnectionEnd` and `DownstreamEnd` of `envoy.data.accesslog.v3.AccessLogType`. */
const TCP_CONNECTION_END = 3;
const DOWNSTREAM_END = 6;

/** Whether the request or connection has ended. Envoy may log others of the same, which must not be counted. */
export function isEnd({ isTcp, type, isIntermediate }: Pick<Entry, 'isTcp' | 'type' | 'isIntermediate'>): boolean {
  return type === (isTcp ? TCP_CONNECTION_END : DOWNSTREAM_END) || (type === 0 && !isIntermediate);
}

/**
 * A request that ostiary decided counts by the decision, whatever happened later: so totals equal the number of
 * decisions.
 */
export function outcomeOf(entry: Pick<Entry, 'decision' | 'hasUpstream' | 'details' | 'isUnauthorized'>): Outcome {
  switch (entry.decision) {
    case 'allow':
      return 'processed';
    case 'deny':
      return 'blocked';
    case 'answer':
      return 'answered';
    default:
  }
  if (entry.hasUpstream) return 'unchecked';
  const { details } = entry;
  const isError = details === '' ? entry.isUnauthorized : details === 'ext_authz_error';
  return isError ? 'check_error' : 'rejected_by_envoy';
}
