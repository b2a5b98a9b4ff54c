import type { Duration } from '@bufbuild/protobuf/wkt';
import { RequestMethod } from '../gen/envoy/config/core/v3/base_pb.js';
import type { HTTPAccessLogEntry } from '../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import type { ReadId } from '../src/analytics/decision-id.ts';
import { Span } from '../src/analytics/entry-places.ts';
import type { Entry } from '../src/analytics/entry.ts';

const FILTER = 'envoy.filters.http.ext_authz';
const GIVEN: Readonly<Record<number, string>> = {
  [Span.api]: 'api',
  [Span.clientId]: 'client_id',
  [Span.clientName]: 'client_name',
  [Span.contract]: 'contract',
  [Span.tier]: 'tier',
  [Span.policy]: 'policy',
  [Span.decision]: 'outcome',
  [Span.reason]: 'reason',
  [Span.id]: 'id',
};

/**
 * What is credited and counted of an entry that protobuf-es has decoded: the properties of `Entry` that this asks for, each
 * computed when it is asked for.
 */
export class LibraryEntry {
  readonly isTcp = false;
  decisionMs = Number.NaN;
  readonly #entry: HTTPAccessLogEntry;
  readonly #told: Readonly<Record<string, unknown>>;

  private constructor(entry: HTTPAccessLogEntry) {
    this.#entry = entry;
    this.#told = entry.commonProperties?.metadata?.filterMetadata[FILTER] ?? {};
  }

  static of(entry: HTTPAccessLogEntry): Entry {
    return new LibraryEntry(entry) as unknown as Entry;
  }

  get type(): number {
    return this.#entry.commonProperties?.accessLogType ?? 0;
  }

  get isIntermediate(): boolean {
    return this.#entry.commonProperties?.intermediateLogEntry ?? false;
  }

  get hasUpstream(): boolean {
    return this.#entry.commonProperties?.upstreamRemoteAddress !== undefined;
  }

  get isUnauthorized(): boolean {
    return this.#entry.commonProperties?.responseFlags?.unauthorizedDetails !== undefined;
  }

  get method(): string {
    return RequestMethod[this.#entry.request?.requestMethod ?? 0] ?? '';
  }

  get status(): number {
    return this.#entry.response?.responseCode ?? 0;
  }

  get details(): string {
    return this.#entry.response?.responseCodeDetails ?? '';
  }

  get decision(): string {
    return this.#given('outcome');
  }

  get api(): string {
    return this.#given('api');
  }

  get clientId(): string {
    return this.#given('client_id');
  }

  get hasContract(): boolean {
    return this.#given('contract') !== '';
  }

  get tier(): string {
    return this.#given('tier');
  }

  get policy(): string {
    return this.#given('policy');
  }

  get reason(): string {
    return this.#given('reason');
  }

  get service(): string {
    return this.#entry.commonProperties?.upstreamCluster ?? '';
  }

  get peerUri(): string {
    const names = this.#entry.commonProperties?.tlsProperties?.peerCertificateProperties?.subjectAltName ?? [];
    for (const { san } of names) if (san.case === 'uri') return san.value;
    return '';
  }

  get forwardedCert(): string {
    return this.#entry.request?.requestHeaders['x-forwarded-client-cert'] ?? '';
  }

  get localAddress(): string {
    const address = this.#entry.commonProperties?.downstreamLocalAddress?.address;
    if (address?.case !== 'socketAddress') return '';
    const { address: host, portSpecifier } = address.value;
    return `${host}:${portSpecifier.case === 'portValue' ? portSpecifier.value : 0}`;
  }

  get requestHeaderBytes(): number {
    return Number(this.#entry.request?.requestHeadersBytes ?? 0n);
  }

  get requestBodyBytes(): number {
    return Number(this.#entry.request?.requestBodyBytes ?? 0n);
  }

  get responseHeaderBytes(): number {
    return Number(this.#entry.response?.responseHeadersBytes ?? 0n);
  }

  get responseBodyBytes(): number {
    return Number(this.#entry.response?.responseBodyBytes ?? 0n);
  }

  get durationMs(): number {
    return millisecondsOf(this.#entry.commonProperties?.duration);
  }

  has(at: number): boolean {
    return this.text(at) !== '';
  }

  readId(into: ReadId): boolean {
    const text = Buffer.from(this.#given('id'), 'latin1');
    return into.read(text, 0, text.length);
  }

  text(at: number): string {
    const name = GIVEN[at];
    if (name !== undefined) return this.#given(name);
    const { request } = this.#entry;
    if (at === Span.path) return request?.path ?? '';
    if (at === Span.originalPath) return request?.originalPath ?? '';
    if (at === Span.traceparent) return request?.requestHeaders['traceparent'] ?? '';
    if (at === Span.b3) return request?.requestHeaders['b3'] ?? '';
    if (at === Span.b3TraceId) return request?.requestHeaders['x-b3-traceid'] ?? '';
    throw new Error(`the place ${at} is not read`);
  }

  #given(name: string): string {
    const value = this.#told[name];
    return typeof value === 'string' ? value : '';
  }
}

function millisecondsOf(duration: Duration | undefined): number {
  return duration === undefined ? Number.NaN : Number(duration.seconds) * 1000 + duration.nanos / 1e6;
}
