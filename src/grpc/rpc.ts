import type { ListenAddress } from '../listen/address.ts';
import type { TlsMaterial } from '../listen/tls.ts';

/**
 * What a gRPC service needs of its transport. Services depend only on this, so that only one module per transport knows
 * an RPC library.
 */

/** One call as its handler sees it. */
export interface Call {
  /** Monotonic milliseconds; Infinity if the caller set no `grpc-timeout`. */
  readonly deadline: number;
  /** Aborted when the caller cancels, the deadline passes or the connection ends. */
  readonly signal: AbortSignal;
  /** The same for all calls of one connection, and for no other; absent: not known. */
  readonly connection?: unknown;
  /** The field of this name of the call's metadata; undefined: the caller sent none. */
  readonly authorization?: string | undefined;
  /** Of the peer, as the connection has it, without a port; absent or empty: not known, or a Unix socket. */
  readonly address?: string;
  /** A field that browsers send of whom they call for; absent: this transport has none of them. */
  callerField?(name: CallerField): string | undefined;
  /** What the client has shown when it connected, if the listener asks for it and trusts it; absent: this transport can't. */
  clientCertificate?(): ClientCertificate | undefined;
  /** A field of the call's own metadata that carries a trace's context; absent: this transport has none. */
  traceField?(name: TraceField): string | undefined;
}

/** What a request of a browser says of its caller, and of the page that asks. `host` is the authority that it called. */
export type CallerField = 'cookie' | 'host' | 'origin' | 'x-ostiary-csrf';

/** A certificate that the client has shown, and that one of the listener's authorities has signed. */
export interface ClientCertificate {
  /** Its names of the form of a URI. */
  readonly uris: readonly string[];
  /** It may sign others. */
  readonly isAuthority: boolean;
  /** Milliseconds since the Unix epoch, as those of {@link notAfterMs}. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What carries the context of a trace: W3C Trace Context, and B3 in both forms. */
export const TRACE_FIELDS = [
  'traceparent',
  'tracestate',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-sampled',
  'x-b3-flags',
] as const;
export type TraceField = (typeof TRACE_FIELDS)[number];

/** Messages are serialised protobuf, without the five bytes of gRPC framing. */
export type Method =
  | { readonly kind: 'unary'; readonly path: string; readonly handle: UnaryHandler }
  | { readonly kind: 'server_streaming'; readonly path: string; readonly handle: ServerStreamingHandler }
  | { readonly kind: 'bidirectional'; readonly path: string; readonly handle: BidirectionalHandler };

/**
 * The handler may use the request bytes only until it returns or its promise settles. Bytes that it returns without a
 * promise may change with its next call: who keeps them that long copies them.
 */
export type UnaryHandler = (request: Uint8Array, call: Call) => Uint8Array | Promise<Uint8Array>;
export type ServerStreamingHandler = (request: Uint8Array, call: Call) => AsyncIterable<Uint8Array>;
/** Also serves client streaming: a handler that yields once. */
export type BidirectionalHandler = (requests: AsyncIterable<Uint8Array>, call: Call) => AsyncIterable<Uint8Array>;

/** gRPC status codes that handlers use (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export const Code = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;
export type Code = (typeof Code)[keyof typeof Code];

/**
 * Ends a call with a status. Anything else a handler throws becomes INTERNAL without its message. It has no stack: it is
 * an answer, and callers who have thousands refused would make us walk the stack for each.
 */
export class RpcError extends Error {
  override name = 'RpcError';
  readonly code: Code;
  constructor(code: Code, message: string) {
    const frames = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = frames;
    this.code = code;
  }
}

export interface ListenOptions {
  readonly address: ListenAddress;
  readonly methods: readonly Method[];
  readonly tls: TlsMaterial | undefined;
  /** A message larger than this ends its call with RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number;
  /** Beyond it, a new connection replaces the longest idle one, or is itself closed. */
  readonly maxConnections?: number;
  /** Compressed messages are taken; absent or false: they end their call with UNIMPLEMENTED. */
  readonly gzip?: boolean;
  /** Called with an error of a handler that is not an {@link RpcError}: the caller sees only INTERNAL. */
  readonly onFailure?: (path: string, error: unknown) => void;
}

export interface RpcListener {
  /** As bound: with the real port where 0 was asked for. */
  readonly address: ListenAddress;
  /** Replaces certificate and key for new connections. */
  updateTls(tls: TlsMaterial): void;
  /** Sends GOAWAY, lets calls in flight end, then closes. What remains after `timeoutMs` is cut. */
  drain(timeoutMs: number): Promise<void>;
}

export type RpcTransport = (options: ListenOptions) => Promise<RpcListener>;
