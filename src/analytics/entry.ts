import { RecurringTexts } from '../envoy/recurring-text.ts';

/** Places in {@link Entry.spans}: each text has a start and an end. */
export const Span = { details: 0, api: 2, clientId: 4, tier: 6, decision: 8 } as const;

/** As many as {@link Span} needs. */
const PLACES = 10;

const apis = new RecurringTexts();
const clientIds = new RecurringTexts();
const others = new RecurringTexts();

/**
 * What is used of an `envoy.data.accesslog.v3.HTTPAccessLogEntry`. One object serves all entries of a message, and its
 * texts are decoded when they are read: they are those of the entry that was read last.
 */
export class Entry {
  readonly #buffer: Buffer;
  /** Where its texts lie: see {@link Span}. */
  readonly spans: number[] = Array.from({ length: PLACES }, () => 0);
  /** The number of an `AccessLogType`; 0 of an Envoy that knows none. */
  type = 0;
  /** As older Envoys mark entries of requests that have not ended. */
  isIntermediate = false;
  /** From the request's first byte to its end: whole seconds, -1 for all that are below zero. */
  seconds = 0;
  /** What is to be added to {@link seconds}. */
  nanos = 0;
  hasDuration = false;
  /** Envoy chose an address to send the request to. */
  hasUpstream = false;
  /** Envoy's flag UAEX: an external service refused the request, or could not be asked. */
  isUnauthorized = false;
  /** The number of a `RequestMethod`. */
  method = 0;
  requestHeaderBytes = 0;
  requestBodyBytes = 0;
  responseHeaderBytes = 0;
  responseBodyBytes = 0;
  /** 0: the request ended before any answer. */
  status = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  clear(): void {
    this.spans.fill(0);
    this.type = this.seconds = this.nanos = this.method = this.status = 0;
    this.isIntermediate = this.hasDuration = this.hasUpstream = this.isUnauthorized = false;
    this.requestHeaderBytes = this.requestBodyBytes = this.responseHeaderBytes = this.responseBodyBytes = 0;
  }

  /** Why the answer has its status, in Envoy's words, such as `via_upstream`. */
  get details(): string {
    return this.#text(Span.details, others);
  }

  /** `allow`, `deny` or `answer`, as our answer to the Check said; empty: there was none. */
  get decision(): string {
    return this.#text(Span.decision, others);
  }

  get api(): string {
    return this.#text(Span.api, apis);
  }

  get clientId(): string {
    return this.#text(Span.clientId, clientIds);
  }

  get tier(): string {
    return this.#text(Span.tier, others);
  }

  #text(at: number, texts: RecurringTexts): string {
    return texts.of(this.#buffer, this.spans[at] as number, this.spans[at + 1] as number);
  }
}
