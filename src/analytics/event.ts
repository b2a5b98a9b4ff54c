import type { Outcome } from './outcome.ts';

/**
 * One request that ended, with everything that is kept of it. Sinks write it and samples show it. Unknown fields are
 * absent. It contains no query string, no credential, no raw path, and no header but those named here.
 */
export interface RequestEvent {
  /**
   * Unique for each event, so that repetitions are recognised: the id of the decision, or an id made here if there
   * was none.
   */
  readonly id: string;
  /** Milliseconds since the Unix epoch: the first byte of the request. */
  readonly receivedAt: number;
  /** Milliseconds since the Unix epoch: the last byte of the answer, or when the caller left. */
  readonly endedAt: number;
  readonly api?: string;
  readonly apiVersion?: string;
  /** The template of the path if the API has routes, such as `/orders/{id}`; otherwise the API's base path. */
  readonly route?: string;
  /** The name of the client application, and its client id. */
  readonly client?: string;
  readonly clientId?: string;
  readonly contract?: string;
  readonly tier?: string;
  readonly outcome: Outcome;
  /** The policy that denied or answered. */
  readonly policy?: string;
  readonly reason?: string;
  /** What policies in shadow mode would have done: `NAME:REASON`, in their order. */
  readonly shadow?: readonly string[];
  readonly method: string;
  /** 0: the request ended before any answer. */
  readonly status: number;
  /** The number of a `google.rpc.Code`, if it was a gRPC call. */
  readonly grpcStatus?: number;
  /** Envoy's short names, such as `UF` and `DC`. */
  readonly responseFlags: readonly string[];
  /** Envoy's reason for the status of the answer, such as `via_upstream`. */
  readonly details?: string;
  /** Headers and body. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs?: number;
  /** From the first byte sent to the upstream to the first byte received from it. */
  readonly upstreamMs?: number;
  /** How long ostiary took to decide. */
  readonly policyMs?: number;
  /** Complete, truncated to a network, or absent, as `--client-address` says. */
  readonly clientAddress?: string;
  /** The family of the user agent, such as `curl`; never the whole header. */
  readonly userAgent?: string;
  /** `x-request-id`. */
  readonly requestId?: string;
  /** 32 hexadecimal digits, of `traceparent` or B3. */
  readonly traceId?: string;
  /** The caller's workload: a SPIFFE id from the peer's certificate or from XFCC. */
  readonly source?: string;
  /** The workload whose Envoy logged this: its node id, or the local address of the downstream connection. */
  readonly destination?: string;
  /** Envoy's name of the upstream's cluster, and the address it used. */
  readonly service?: string;
  readonly upstreamHost?: string;
}

/** Receives events: a sink, or the samples. Must return at once, and never throws. */
export interface EventTaker {
  take(event: RequestEvent): void;
}
