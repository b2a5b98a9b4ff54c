import type { Snapshot } from '../snapshot/snapshot.ts';
import { clientAddressOf } from './client-network.ts';
import type { ClientAddressDetail } from './client-network.ts';
import { Span, Time } from './entry.ts';
import type { Entry } from './entry.ts';
import type { RequestEvent } from './event.ts';
import { outcomeOf } from './outcome.ts';
import { flagNames } from './response-flags.ts';
import { routeOf } from './route.ts';
import { sourceOf } from './source.ts';
import { traceIdOf } from './trace-id.ts';
import { userAgentFamily } from './user-agent.ts';

export interface EventPorts {
  /** The names in the documents in force. */
  readonly names: () => Pick<Snapshot, 'apiNamed'>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Makes an id for the event of a request without a decision. */
  readonly newId: () => string;
  /** The value of `--client-address`. */
  readonly clientAddress: ClientAddressDetail;
}

/** @param node the id of the Envoy that sent the entry; empty: unknown */
export type EventMaker = (entry: Entry, node: string) => RequestEvent;

/** The longest name. Documents bound names in our answers, but a sender of entries may write anything. */
const LONGEST_NAME = 256;
const LONGEST_SHADOW = 4096;
/** Enough for a base path and a template. */
const LONGEST_ROUTE = 4096;
/** Half of the latest time that a `Date` can hold, so that any duration can be added. */
const LATEST_MS = 4e15;

type Draft = { -readonly [Key in keyof RequestEvent]: RequestEvent[Key] };
/** Fields that are absent where their text is empty. */
type Text = { [Key in keyof RequestEvent]-?: string extends RequestEvent[Key] ? Key : never }[keyof RequestEvent];

/** Copies to the event only what {@link RequestEvent} names. */
export function createEventMaker({ names, now, newId, clientAddress }: EventPorts): EventMaker {
  return (entry, node) => {
    const { durationMs, api, status, method } = entry;
    const hasDuration = durationMs >= 0 && durationMs < LATEST_MS;
    const startMs = Math.floor(entry.timeMs(Time.start));
    const receivedAt = startMs >= 0 && startMs < LATEST_MS ? startMs : now() - (hasDuration ? durationMs : 0);
    const event: Draft = {
      id: entry.id === '' ? newId() : entry.id,
      receivedAt: Math.floor(receivedAt),
      endedAt: Math.floor(receivedAt + (hasDuration ? durationMs : 0)),
      outcome: outcomeOf(entry),
      method,
      status,
      responseFlags: flagNames(entry.flags),
      requestBytes: entry.requestHeaderBytes + entry.requestBodyBytes,
      responseBytes: entry.responseHeaderBytes + entry.responseBodyBytes,
    };
    const set = (field: Text, text: string, longest = LONGEST_NAME): void => {
      if (text !== '') event[field] = text.length <= longest ? text : `${text.slice(0, longest)}…`;
    };
    const document = api === '' ? undefined : names().apiNamed(api);
    set('api', api);
    set('apiVersion', document?.labels['version'] ?? '');
    set('route', document === undefined ? '' : routeOf(entry, document), LONGEST_ROUTE);
    set('client', entry.text(Span.clientName));
    set('clientId', entry.clientId);
    set('contract', entry.contract);
    set('tier', entry.tier);
    set('policy', entry.policy);
    set('reason', entry.reason);
    const shadow = entry.text(Span.shadow).slice(0, LONGEST_SHADOW);
    if (shadow !== '') event.shadow = shadow.split(',');
    const grpcStatus = grpcStatusOf(entry);
    if (grpcStatus !== undefined) event.grpcStatus = grpcStatus;
    set('details', entry.details);
    if (hasDuration) event.durationMs = durationMs;
    const upstreamMs = entry.timeMs(Time.upstreamReceived) - entry.timeMs(Time.upstreamSent);
    if (upstreamMs >= 0) event.upstreamMs = upstreamMs;
    if (entry.decisionMs >= 0) event.policyMs = entry.decisionMs;
    set('clientAddress', clientAddressOf(entry.remoteAddress, clientAddress));
    set('userAgent', userAgentFamily(entry.text(Span.userAgent)));
    set('requestId', requestIdOf(entry));
    set('traceId', traceIdOf(entry));
    set('source', sourceOf(entry));
    set('destination', node === '' ? entry.localAddress : node);
    set('service', entry.service);
    set('upstreamHost', entry.upstreamAddress);
    return event;
  };
}

/** Read from the trailers, or from the headers of a call without trailers. */
function grpcStatusOf(entry: Entry): number | undefined {
  const trailer = entry.text(Span.grpcStatusTrailer);
  const text = trailer === '' ? entry.text(Span.grpcStatusHeader) : trailer;
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}

/** Callers choose it, so only a text that looks like an id is kept. A token is longer. */
function requestIdOf(entry: Entry): string {
  const text = entry.text(Span.requestId);
  return /^[A-Za-z0-9._:/+=-]{1,64}$/.test(text) ? text : '';
}
