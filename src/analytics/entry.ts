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

/** Bit 13 of the response flags, which Envoy calls UAEX. */
const UNAUTHORIZED = 1 << 13;

/**
 * The fields that are used of an `envoy.data.accesslog.v3.HTTPAccessLogEntry`, or of a `TCPAccessLogEntry`, which
 * describes a connection. One object serves all entries of a message. Texts are decoded when they are read, from the
 * entry that was parsed last. A missing text is empty.
 */
export class Entry {
  readonly #buffer: Buffer;
  /** Start and end of each text: see {@link Span}. */
  readonly spans: number[] = NO_SPANS.slice();
  /** See {@link Time}. */
  readonly times: number[] = NO_TIMES.slice();
  /** The ports of addresses: see {@link Port}. */
  readonly ports: number[] = [0, 0, 0];
  /** The entry describes a connection, and no request. */
  isTcp = false;
  /** The number of an `AccessLogType`; 0 if the Envoy is too old to send one. */
  type = 0;
  /** The mark of older Envoys for entries of requests that have not ended. */
  isIntermediate = false;
  /** Envoy chose an address to send the request to. */
  hasUpstream = false;
  /** Bit N is the field N of `ResponseFlags`. */
  flags = 0;
  /** The number of a `RequestMethod`. */
  methodNumber = 0;
  requestHeaderBytes = 0;
  /** Of a connection: all bytes from the caller. */
  requestBodyBytes = 0;
  responseHeaderBytes = 0;
  /** Of a connection: all bytes to the caller. */
  responseBodyBytes = 0;
  /** 0: the request ended before any answer. */
  status = 0;
  /** Where the number of {@link checkMs} lies; −1: it is missing. */
  checkAt = -1;
  /** The duration of our decision in milliseconds, from the decision's id. NaN: unknown. */
  decisionMs = Number.NaN;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  clear(isTcp: boolean): void {
    this.isTcp = isTcp;
    const { spans, times, ports } = this;
    // For so few elements this is faster than `fill`.
    for (let at = 0; at < NO_SPANS.length; at++) spans[at] = 0;
    for (let at = 0; at < NO_TIMES.length; at++) times[at] = 0;
    ports[0] = ports[1] = ports[2] = 0;
    this.type = this.flags = this.methodNumber = this.status = 0;
    this.isIntermediate = this.hasUpstream = false;
    this.requestHeaderBytes = this.requestBodyBytes = this.responseHeaderBytes = this.responseBodyBytes = 0;
    this.checkAt = -1;
    this.decisionMs = Number.NaN;
  }

  /** @param at an index of {@link Span} */
  has(at: number): boolean {
    return this.spans[at] !== this.spans[at + 1];
  }

  /** @returns whether the text has the form of a decision's id */
  readId(into: ReadId): boolean {
    return into.read(this.#buffer, this.spans[Span.id] as number, this.spans[Span.id + 1] as number);
  }

  /** Removes what the entry says about a decision, because it can't be trusted. */
  forgetDecision(): void {
    this.spans.fill(0, FIRST_OF_METADATA);
    this.checkAt = -1;
  }

  /** `GET` or another registered method, `_other`, or `TCP` for a connection: never a text that a caller made up. */
  get method(): string {
    if (this.isTcp) return TCP;
    const known = METHODS[this.methodNumber];
    return known ?? methodNamed(this.text(Span.methodHeader));
  }

  /** An external service refused the request, or could not be reached. */
  get isUnauthorized(): boolean {
    return (this.flags & UNAUTHORIZED) !== 0;
  }

  /** Envoy's reason for the status of the answer, such as `via_upstream`. */
  get details(): string {
    return this.text(Span.details, others);
  }

  /** `allow`, `deny` or `answer`, from our answer to the Check; empty: there was none. */
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

  /** The id of the decision, from our answer; empty: there was none. */
  get id(): string {
    return this.text(Span.id);
  }

  /** The policy that denied or answered. */
  get policy(): string {
    return this.text(Span.policy, reasons);
  }

  /** The reason of a denial. */
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

  /** The address to which the caller sent the request, such as `10.1.2.4:8080`. */
  get localAddress(): string {
    return this.#address(Span.localAddress, Port.local);
  }

  get upstreamAddress(): string {
    return this.#address(Span.upstreamAddress, Port.upstream);
  }

  /**
   * How long Envoy waited for our answer to the Check, in milliseconds. Envoy reports it for allows only. NaN:
   * unknown.
   */
  get checkMs(): number {
    return this.checkAt < 0 ? Number.NaN : this.#buffer.readDoubleLE(this.checkAt);
  }

  /**
   * In milliseconds; NaN: unknown.
   * @param at an index of {@link Time}
   */
  timeMs(at: number): number {
    const { times } = this;
    return times[at] === 0 ? Number.NaN : (times[at + 1] as number) * 1000 + (times[at + 2] as number) / 1e6;
  }

  /** From the first byte of the request to the end of the answer, never negative; NaN: unknown. */
  get durationMs(): number {
    return Math.max(0, this.timeMs(Time.duration));
  }

  /** @param texts a cache for texts that occur often */
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
