import { RecurringTexts } from '../envoy/recurring-text.ts';
import { METHODS, methodNamed, TCP } from './method.ts';

/** Places in {@link Entry.spans}: each text has a start and an end. */
export const Span = {
  details: 0,
  path: 2,
  originalPath: 4,
  userAgent: 6,
  requestId: 8,
  cluster: 10,
  /** The first URI of the certificate of the connection's peer. */
  peerUri: 12,
  // Addresses.
  remoteAddress: 14,
  localAddress: 16,
  upstreamAddress: 18,
  // Headers and trailers.
  methodHeader: 20,
  traceparent: 22,
  b3: 24,
  b3TraceId: 26,
  forwardedCert: 28,
  grpcStatusHeader: 30,
  grpcStatusTrailer: 32,
  // What our answer to the Check said, `dynamic_metadata`: from here to the end.
  api: 34,
  clientId: 36,
  clientName: 38,
  contract: 40,
  tier: 42,
  policy: 44,
  decision: 46,
  reason: 48,
  shadow: 50,
  id: 52,
} as const;

export const FIRST_OF_METADATA = Span.api;
/** As many as {@link Span} needs. */
const PLACES = 54;

/** Places in {@link Entry.times}: 1 if there is any, whole seconds (-1 for all below zero), and nanoseconds to be added. */
export const Time = {
  /** Since the Unix epoch: the request's first byte, or when the connection was accepted. */
  start: 0,
  /** From there to the first byte sent to the upstream, to the first that came back, and to the end. */
  upstreamSent: 3,
  upstreamReceived: 6,
  duration: 9,
} as const;

const TIMES = 12;

const NO_SPANS: readonly number[] = Array.from({ length: PLACES }, () => 0);
const NO_TIMES: readonly number[] = Array.from({ length: TIMES }, () => 0);

/** Places in {@link Entry.ports}. */
export const Port = { remote: 0, local: 1, upstream: 2 } as const;

const apis = new RecurringTexts();
const clients = new RecurringTexts();
const contracts = new RecurringTexts();
const reasons = new RecurringTexts();
const peers = new RecurringTexts();
const clusters = new RecurringTexts();
const addresses = new RecurringTexts();
const others = new RecurringTexts();

/** Bit 13 of the flags, which Envoy calls UAEX. */
const UNAUTHORIZED = 1 << 13;

/**
 * What is used of an `envoy.data.accesslog.v3.HTTPAccessLogEntry`, or of a `TCPAccessLogEntry`, which is about a
 * connection. One object serves all entries of a message, and its texts are decoded when they are read: they are those of
 * the entry that was read last. A text that is not there is empty.
 */
export class Entry {
  readonly #buffer: Buffer;
  /** Where its texts lie: see {@link Span}. */
  readonly spans: number[] = NO_SPANS.slice();
  /** See {@link Time}. */
  readonly times: number[] = NO_TIMES.slice();
  /** Of addresses: see {@link Port}. */
  readonly ports: number[] = [0, 0, 0];
  /** It is about a connection, and has nothing of a request. */
  isTcp = false;
  /** The number of an `AccessLogType`; 0 of an Envoy that knows none. */
  type = 0;
  /** As older Envoys mark entries of requests that have not ended. */
  isIntermediate = false;
  /** Envoy chose an address to send the request to. */
  hasUpstream = false;
  /** Bit N is the field N of `ResponseFlags`. */
  flags = 0;
  /** The number of a `RequestMethod`. */
  methodNumber = 0;
  requestHeaderBytes = 0;
  /** Of a connection: all that came from the caller. */
  requestBodyBytes = 0;
  responseHeaderBytes = 0;
  /** Of a connection: all that went to the caller. */
  responseBodyBytes = 0;
  /** 0: the request ended before any answer. */
  status = 0;
  /** Where the number of {@link checkMs} lies; −1: it is not there. */
  checkAt = -1;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  clear(isTcp: boolean): void {
    this.isTcp = isTcp;
    const { spans, times, ports } = this;
    // Faster than `fill` for so few.
    for (let at = 0; at < PLACES; at++) spans[at] = 0;
    for (let at = 0; at < TIMES; at++) times[at] = 0;
    ports[0] = ports[1] = ports[2] = 0;
    this.type = this.flags = this.methodNumber = this.status = 0;
    this.isIntermediate = this.hasUpstream = false;
    this.requestHeaderBytes = this.requestBodyBytes = this.responseHeaderBytes = this.responseBodyBytes = 0;
    this.checkAt = -1;
  }

  /** `GET`, one of the other registered methods, `_other`, or `TCP` of a connection: never a text that a caller made up. */
  get method(): string {
    if (this.isTcp) return TCP;
    const known = METHODS[this.methodNumber];
    return known ?? methodNamed(this.text(Span.methodHeader));
  }

  /** An external service refused the request, or could not be asked. */
  get isUnauthorized(): boolean {
    return (this.flags & UNAUTHORIZED) !== 0;
  }

  /** Why the answer has its status, in Envoy's words, such as `via_upstream`. */
  get details(): string {
    return this.text(Span.details, others);
  }

  /** `allow`, `deny` or `answer`, as our answer to the Check said; empty: there was none. */
  get decision(): string {
    return this.text(Span.decision, others);
  }

  get api(): string {
    return this.text(Span.api, apis);
  }

  get clientId(): string {
    return this.text(Span.clientId, clients);
  }

  get contract(): string {
    return this.text(Span.contract, contracts);
  }

  get hasContract(): boolean {
    return (this.spans[Span.contract + 1] as number) > (this.spans[Span.contract] as number);
  }

  get tier(): string {
    return this.text(Span.tier, others);
  }

  /** Of the decision, as our answer told it; empty: there was none. */
  get id(): string {
    return this.text(Span.id);
  }

  /** That denied or answered. */
  get policy(): string {
    return this.text(Span.policy, reasons);
  }

  /** Of a denial. */
  get reason(): string {
    return this.text(Span.reason, reasons);
  }

  /** Envoy's name of the upstream's cluster. */
  get service(): string {
    return this.text(Span.cluster, clusters);
  }

  /** The first URI of the certificate of the connection's peer. */
  get peerUri(): string {
    return this.text(Span.peerUri, peers);
  }

  get forwardedCert(): string {
    return this.text(Span.forwardedCert, peers);
  }

  /** Without its port. */
  get remoteAddress(): string {
    return this.text(Span.remoteAddress);
  }

  /** Such as `10.1.2.4:8080`: to which address the caller sent the request. */
  get localAddress(): string {
    return this.#address(Span.localAddress, Port.local);
  }

  get upstreamAddress(): string {
    return this.#address(Span.upstreamAddress, Port.upstream);
  }

  /** What Envoy waited for our answer to the Check, in milliseconds; it tells that of an allow alone. NaN: unknown. */
  get checkMs(): number {
    return this.checkAt < 0 ? Number.NaN : this.#buffer.readDoubleLE(this.checkAt);
  }

  /** In milliseconds; NaN: unknown. @param at a place of {@link Time} */
  timeMs(at: number): number {
    const { times } = this;
    return times[at] === 0 ? Number.NaN : (times[at + 1] as number) * 1000 + (times[at + 2] as number) / 1e6;
  }

  /** From the first byte of the request to its end, never negative; NaN: unknown. */
  get durationMs(): number {
    return Math.max(0, this.timeMs(Time.duration));
  }

  /** @param texts where it comes again and again */
  text(at: number, texts?: RecurringTexts): string {
    const start = this.spans[at] as number;
    const end = this.spans[at + 1] as number;
    if (start === end) return '';
    return texts === undefined ? this.#buffer.toString('utf8', start, end) : texts.of(this.#buffer, start, end);
  }

  #address(at: number, port: number): string {
    const address = this.text(at, addresses);
    if (address === '') return '';
    return `${address.includes(':') ? `[${address}]` : address}:${this.ports[port] as number}`;
  }
}
