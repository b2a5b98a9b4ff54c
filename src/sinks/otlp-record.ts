import type { RequestEvent } from '../analytics/event.ts';
import { CODE_NAMES } from '../otlp.ts';

type Kind = 'text' | 'integer' | 'number' | 'texts' | 'list' | 'code';

/**
 * The attributes of a log record. Their names follow OpenTelemetry's semantic conventions where there is one. `list`:
 * a single text for an attribute that is a list. A `status` of 0 is left out.
 */
export const ATTRIBUTES: readonly (readonly [field: keyof RequestEvent, name: string, kind: Kind])[] = [
  ['id', 'log.record.uid', 'text'],
  ['receivedAt', 'ostiary.received_unix_ms', 'integer'],
  ['api', 'ostiary.api.name', 'text'],
  ['apiVersion', 'ostiary.api.version', 'text'],
  ['route', 'http.route', 'text'],
  ['client', 'ostiary.client.name', 'text'],
  ['clientId', 'ostiary.client.id', 'text'],
  ['contract', 'ostiary.contract', 'text'],
  ['tier', 'ostiary.tier', 'text'],
  ['outcome', 'ostiary.outcome', 'text'],
  ['policy', 'ostiary.policy', 'text'],
  ['reason', 'ostiary.reason', 'text'],
  ['shadow', 'ostiary.shadow', 'texts'],
  ['method', 'http.request.method', 'text'],
  ['status', 'http.response.status_code', 'integer'],
  ['grpcStatus', 'rpc.response.status_code', 'code'],
  ['responseFlags', 'ostiary.response_flags', 'texts'],
  ['details', 'ostiary.details', 'text'],
  ['requestBytes', 'http.request.size', 'integer'],
  ['responseBytes', 'http.response.size', 'integer'],
  ['durationMs', 'ostiary.duration_ms', 'number'],
  ['upstreamMs', 'ostiary.upstream_ms', 'number'],
  ['policyMs', 'ostiary.policy_ms', 'number'],
  ['clientAddress', 'client.address', 'text'],
  ['userAgent', 'user_agent.name', 'text'],
  ['requestId', 'http.request.header.x-request-id', 'list'],
  ['source', 'ostiary.source', 'text'],
  ['destination', 'ostiary.destination', 'text'],
  ['service', 'ostiary.upstream.cluster', 'text'],
  ['upstreamHost', 'ostiary.upstream.host', 'text'],
];

/** Nanoseconds since the Unix epoch must fit into 64 bits. */
const LAST_MS = 1.8e13;

const PREFIXES = ATTRIBUTES.map(([field, name, kind]) => ({
  field,
  kind,
  start: `{"key":${JSON.stringify(name)},"value":{`,
}));

/**
 * Encodes an event as a `LogRecord` in OTLP's JSON. A number that does not fit the type of its field is left out,
 * because one record that a receiver can't read would cost the whole batch.
 */
export function otlpRecord(event: RequestEvent): string {
  let attributes = '';
  for (const { field, kind, start } of PREFIXES) {
    const value = valueOf(event[field], kind);
    if (value !== undefined) attributes += `${attributes === '' ? '' : ','}${start}${value}}}`;
  }
  const time = nanosOf(event.endedAt);
  const trace = isTraceId(event.traceId) ? `,"traceId":"${event.traceId}"` : '';
  const body = `{"stringValue":${quoted(summaryOf(event))}}`;
  return (
    `{"timeUnixNano":"${time}","observedTimeUnixNano":"${time}","severityNumber":9,"severityText":"INFO",` +
    `"eventName":"ostiary.request","body":${body},"attributes":[${attributes}]${trace}}`
  );
}

function valueOf(value: RequestEvent[keyof RequestEvent], kind: Kind): string | undefined {
  if (typeof value === 'string') {
    return kind === 'list' ? listOf([value]) : `"stringValue":${quoted(value)}`;
  }
  if (typeof value === 'number') {
    if (kind === 'code') return `"stringValue":${quoted(CODE_NAMES[value] ?? String(value))}`;
    if (kind === 'number') return Number.isFinite(value) ? `"doubleValue":${value}` : undefined;
    return Number.isSafeInteger(value) && value > 0 ? `"intValue":"${value}"` : undefined;
  }
  return value === undefined || value.length === 0 ? undefined : listOf(value);
}

function listOf(values: readonly string[]): string {
  return `"arrayValue":{"values":[${values.map((value) => `{"stringValue":${quoted(value)}}`).join()}]}`;
}

/** An unpaired surrogate can't be part of a protobuf text. */
function quoted(text: string): string {
  return JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
}

function nanosOf(ms: number): string {
  return ms > 0 && ms < LAST_MS ? `${Math.floor(ms)}000000` : '0';
}

function isTraceId(id: string | undefined): id is string {
  return id !== undefined && /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id);
}

/** The text for readers of logs: `GET /orders/{id} 403 blocked quota_spent`. */
function summaryOf({ method, route, status, outcome, reason }: RequestEvent): string {
  return [method, route ?? '-', status === 0 ? '-' : status, outcome, reason]
    .filter((part) => part !== undefined)
    .join(' ');
}
