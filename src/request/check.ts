import type { HeaderNamesMeant } from './header-names-meant.ts';

/**
 * One request as Envoy describes it (`envoy.service.auth.v3.CheckRequest`), reduced to what a decision may use.
 * Implementations may read the bytes of the message lazily.
 */
export interface Check {
  /** False if `attributes.request.http` is missing, as in the Check of a TCP filter. */
  readonly isHttp: boolean;
  /** Upper case as the client sent it, such as `GET`. */
  readonly method: string;
  /** `:path` with its query, undecoded; empty for CONNECT. */
  readonly path: string;
  /** `:authority` as the client sent it: with port, any case. */
  readonly host: string;
  /** Envoy's stream id, a decimal string; not `x-request-id`. Empty if Envoy sent none. */
  readonly streamId: string;
  /** When Envoy saw the first byte of the request, as `seconds.nanos`; empty if Envoy sent none. */
  readonly requestTime: string;
  /** The connection's peer, not the client behind a proxy; empty if it is not an IP socket. */
  readonly sourceAddress: string;
  /** 0 if there is none. */
  readonly sourcePort: number;
  /**
   * Where Envoy received the request, such as `10.1.2.4:8080`; empty if it is not an IP socket. Absent if the proxy
   * that asks does not say.
   */
  readonly destination?: string;
  /**
   * Writes the values that only Envoy gives a request and no caller can choose: stream id, request time, source address
   * and port. A Check that Envoy sends again writes the same bytes; no other Check does.
   * @returns how many bytes; 0 if one of the four is missing, or they need more than `room`
   */
  writeOrigin(target: Uint8Array, at: number, room: number): number;
  /** Envoy's `source.principal`: in Istio the SPIFFE id of the peer; empty without mutual TLS. */
  readonly sourcePrincipal: string;
  /**
   * The certificate of the connection's peer, PEM with percent-encoding; empty without mutual TLS, and unless the
   * filter has `include_peer_certificate`.
   */
  readonly sourceCertificate: string;
  /**
   * The value of a request header, by its lower-case name. Repeated headers are joined with a
   * comma, as Envoy joins them (RFC 9110, 5.3). Bytes that are not UTF-8 arrive as U+FFFD.
   */
  header(name: string): string | undefined;
  /**
   * The last characters of a header's value, without making a string of the rest.
   * @returns undefined if the header is missing, joined from several, or not longer than `length`
   */
  headerTail(name: string, length: number): string | undefined;
  /** Whether a header was sent once and its value is exactly these bytes. */
  headerEquals(name: string, bytes: Uint8Array): boolean;
  /** The lower-case names of all headers, pseudo-headers included, in the order Envoy sent them. */
  headerNames(): readonly string[];
  /**
   * Lower-case names of the headers whose name has a sign other than a dash, such as an underscore, and one of these
   * lengths: few or none. No pseudo-headers.
   * @param lengths 1 at each length that is looked for
   */
  headerNamesWithSigns(lengths: Uint8Array): readonly string[];
  /** Such as `HTTP/1.1` or `HTTP/2`; empty if Envoy does not say. */
  readonly protocol: string;
  /** The body, where Envoy sends it as bytes (`with_request_body`, `pack_as_bytes`); undefined if it sends none or an empty one. */
  readonly rawBody: Uint8Array | undefined;
  /** Envoy sends bodies as text, in which it replaces what is not UTF-8: what the upstream gets may be something else. */
  readonly hasTextBody: boolean;
  /** The names of the headers that are meant, in lower case, each once. */
  headerNamesMeant(meant: HeaderNamesMeant): readonly string[];
  /** A value of `context_extensions`, which only the operator's route configuration can set. */
  contextExtension(name: string): string | undefined;
  /** Fields that few policies need. Absent if the proxy that asks sends none of them, or they can't be decoded. */
  readonly details?: CheckDetails | undefined;
}

/** What Envoy sends beside the head of the request. */
export interface CheckDetails {
  /** `http` or `https`; empty if Envoy sent none. */
  readonly scheme: string;
  /** The size of the request's body in bytes, from its header; −1 if it is unknown. */
  readonly size: number;
  /** The address at which the connection came in; empty if it is not an IP socket. */
  readonly destinationAddress: string;
  /** 0 if there is none. */
  readonly destinationPort: number;
  /** In Istio the SPIFFE id of the workload that is called; empty without mutual TLS. */
  readonly destinationPrincipal: string;
  /** `metadata_context.filter_metadata`: by namespace what filters before this one have found, as JSON. */
  readonly metadata: Readonly<Record<string, unknown>>;
}
