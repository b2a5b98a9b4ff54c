import { RecurringTexts } from '../envoy/recurring-text.ts';
import type { ReadId } from './decision-id.ts';
import { FIRST_OF_METADATA, NO_SPANS, NO_TIMES, Port, Span, Time } from './entry-places.ts';
import { METHODS, methodNamed, TCP } from './method.ts';

export { FIRST_OF_METADATA, Port, Span, Time };

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
  /** What we took to decide, in milliseconds, as the decision's id says. NaN: unknown. */
  decisionMs = Number.NaN;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  clear(isTcp: boolean): void {
    this.isTcp = isTcp;
    const { spans, times, ports } = this;
    // Faster than `fill` for so few.
    for (let at = 0; at < NO_SPANS.length; at++) spans[at] = 0;
    for (let at = 0; at < NO_TIMES.length; at++) times[at] = 0;
    ports[0] = ports[1] = ports[2] = 0;
    this.type = this.flags = this.methodNumber = this.status = 0;
    this.isIntermediate = this.hasUpstream = false;
    this.requestHeaderBytes = this.requestBodyBytes = this.responseHeaderBytes = this.responseBodyBytes = 0;
    this.checkAt = -1;
    this.decisionMs = Number.NaN;
  }

  /** @param at a place of {@link Span} */
  has(at: number): boolean {
    return this.spans[at] !== this.spans[at + 1];
  }

  /** @returns whether the id of the decision has the form of one */
  readId(into: ReadId): boolean {
    return into.read(this.#buffer, this.spans[Span.id] as number, this.spans[Span.id + 1] as number);
  }

  /** What it says of a decision is not to be believed. */
  forgetDecision(): void {
    this.spans.fill(0, FIRST_OF_METADATA);
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
