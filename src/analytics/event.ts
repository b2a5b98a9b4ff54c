import type { Outcome } from './outcome.ts';

/**
 * One request that has ended, with all that is kept of it: what sinks write and samples show. Absent is what is not known.
 * It has no query string, no credential, no raw path, and no header but those named here.
 */
export interface RequestEvent {
  /** Tells repetitions of one event apart: that of the decision, or made here where there was none. */
  readonly id: string;
  /** Milliseconds since the Unix epoch: the first byte of the request. */
  readonly receivedAt: number;
  /** Milliseconds since the Unix epoch: the last byte of the answer, or when the caller left. */
  readonly endedAt: number;
  readonly api?: string;
  readonly apiVersion?: string;
  /** The template of the path where the API has routes, such as `/orders/{id}`; else the API's base path. */
  readonly route?: string;
  /** The name of the client application, and its client id. */
  readonly client?: string;
  readonly clientId?: string;
  readonly contract?: string;
  readonly tier?: string;
  readonly outcome: Outcome;
  /** Of a block or an answer. */
  readonly policy?: string;
  readonly reason?: string;
  /** What policies in shadow mode would have done: `NAME:REASON`, in their order. */
  readonly shadow?: readonly string[];
  readonly method: string;
  /** 0: the request ended before any answer. */
  readonly status: number;
  /** The number of a `google.rpc.Code`, of gRPC calls. */
  readonly grpcStatus?: number;
  /** Envoy's short names, such as `UF` and `DC`. */
  readonly responseFlags: readonly string[];
  /** Envoy's words for why the answer has its status, such as `via_upstream`. */
  readonly details?: string;
  /** Headers and body. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs?: number;
  /** From the first byte sent to the upstream to the first that came back. */
  readonly upstreamMs?: number;
  /** What ostiary took to decide. */
  readonly policyMs?: number;
  /** As `--client-address` says: whole, cut to a network, or absent. */
  readonly clientAddress?: string;
  /** The family of the user agent, such as `curl`; never the whole header. */
  readonly userAgent?: string;
  /** `x-request-id`. */
  readonly requestId?: string;
  /** 32 hexadecimal digits, of `traceparent` or B3. */
  readonly traceId?: string;
  /** The caller's workload: a SPIFFE id of the peer's certificate or of XFCC. */
  readonly source?: string;
  /** The workload whose Envoy logged this: its node id, else the downstream's local address. */
  readonly destination?: string;
  /** Envoy's name of the upstream's cluster, and the address it used. */
  readonly service?: string;
  readonly upstreamHost?: string;
}

/** Who is told of events: a sink, or the samples. Must return at once, and never throws. */
export interface EventTaker {
  take(event: RequestEvent): void;
}
