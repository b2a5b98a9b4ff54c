import type { RequestEvent } from '../analytics/event.ts';

/**
 * Encodes an event as JSON on one line, without the line's end, for files, standard output and the webhook. Unknown
 * fields are absent. `docs/analytics-sinks.md` lists the fields.
 */
export function eventJson(event: RequestEvent): string {
  return JSON.stringify({
    id: event.id,
    received_at: timeText(event.receivedAt),
    ended_at: timeText(event.endedAt),
    api: event.api,
    api_version: event.apiVersion,
    route: event.route,
    client: event.client,
    client_id: event.clientId,
    contract: event.contract,
    tier: event.tier,
    outcome: event.outcome,
    policy: event.policy,
    reason: event.reason,
    shadow: event.shadow,
    method: event.method,
    status: event.status,
    grpc_status: event.grpcStatus,
    response_flags: event.responseFlags.length === 0 ? undefined : event.responseFlags,
    details: event.details,
    request_bytes: event.requestBytes,
    response_bytes: event.responseBytes,
    duration_ms: event.durationMs,
    upstream_ms: event.upstreamMs,
    policy_ms: event.policyMs,
    client_address: event.clientAddress,
    user_agent: event.userAgent,
    request_id: event.requestId,
    trace_id: event.traceId,
    source: event.source,
    destination: event.destination,
    service: event.service,
    upstream_host: event.upstreamHost,
  });
}

/** The latest time that a `Date` can hold. */
const LAST_MS = 8.64e15;

/** RFC 3339 in UTC with milliseconds; null if Envoy sent a time outside the calendar. */
function timeText(ms: number): string | null {
  return Math.abs(ms) <= LAST_MS ? new Date(ms).toISOString() : null;
}
