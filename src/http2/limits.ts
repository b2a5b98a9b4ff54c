/** How often something may happen that is cheap for a peer but not for the server. */
export interface Rate {
  /** How many at once. */
  readonly burst: number;
  /** How many more with each second. */
  readonly perSecond: number;
  /** How many more with each call answered and each DATA frame sent: a busy peer may do more. */
  readonly perAnswer: number;
}

/**
 * What one connection may use, and all of them together. Everything that a peer can make the server keep or do has its
 * bound here.
 */
export interface Limits {
  /** For one listener. Further connections are closed on arrival. */
  readonly maxConnections: number;
  /** Streams open at once, cancelled calls that still run included. More: REFUSED_STREAM (RFC 9113, 5.1.2). */
  readonly maxConcurrentStreams: number;
  /** Octets of DATA a stream may send ahead. More: FLOW_CONTROL_ERROR (6.9). At least 65,535. */
  readonly streamWindowBytes: number;
  /** The same for the connection as a whole. */
  readonly connectionWindowBytes: number;
  /** The HPACK table that the peer fills. More: COMPRESSION_ERROR (RFC 7541, 4.2). */
  readonly headerTableBytes: number;
  /** Fields of one request, decoded, 32 octets added for each. More: answer 431 (RFC 9113, 6.5.2). */
  readonly maxHeaderListBytes: number;
  /** One header block as sent, all its frames together. More: ENHANCE_YOUR_CALM. */
  readonly maxHeaderBlockBytes: number;
  /** CONTINUATION frames of one block. More: ENHANCE_YOUR_CALM. */
  readonly maxContinuations: number;
  /** Octets of request messages that are unfinished or not taken yet, all calls together. More: the call ends with RESOURCE_EXHAUSTED. */
  readonly maxBufferedRequestBytes: number;
  /** Octets of answers that wait for the peer's windows. More: ENHANCE_YOUR_CALM. */
  readonly maxQueuedAnswerBytes: number;
  /** The two above, of all connections of the process together, and frames and header blocks that are not whole. */
  readonly totalBufferedBytes: number;
  /** Streams of all connections together; one of a streaming method counts four times. More: REFUSED_STREAM. */
  readonly totalStreams: number;
  /** Octets the socket has not taken; above it nothing more is read, so nothing more is answered. */
  readonly congestedBytes: number;
  /** From the connection's start to its first SETTINGS. Later: closed. */
  readonly handshakeTimeoutMs: number;
  /** Without an open stream. Longer: GOAWAY with NO_ERROR. */
  readonly idleTimeoutMs: number;
  /**
   * From a call's first frame to the end of its request (streaming methods excepted). Longer: RST_STREAM with CANCEL.
   * The same for a frame or header block that is not whole. Longer: ENHANCE_YOUR_CALM.
   */
  readonly requestTimeoutMs: number;
  /** Answers wait and the peer neither reads nor opens its windows. Longer: ENHANCE_YOUR_CALM. */
  readonly stallTimeoutMs: number;
  /** Calls cancelled within `youngMs` of their start, and errors that a peer provokes on its streams. More: ENHANCE_YOUR_CALM. */
  readonly resets: Rate;
  /**
   * A call that has lived longer has occupied one of the peer's streams, so cancels of such calls can't become a flood.
   */
  readonly youngMs: number;
  readonly pings: Rate;
  readonly settings: Rate;
  /** DATA, HEADERS and CONTINUATION that carry nothing and end nothing; PRIORITY; frames of unknown types. */
  readonly emptyFrames: Rate;
  readonly windowUpdates: Rate;
  /** Octets that compressed messages unpack to. More: the call ends with RESOURCE_EXHAUSTED. */
  readonly inflatedBytes: Rate;
  /** The same for all connections together. */
  readonly totalInflatedBytes: Rate;
}

export const DEFAULT_LIMITS: Limits = {
  maxConnections: 10_000,
  // Envoy's circuit breaker lets 1,024 requests through to a cluster unless told otherwise.
  maxConcurrentStreams: 1024,
  // A Check with a body of some hundred kilobytes arrives without waiting for a WINDOW_UPDATE.
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 1024 * 1024,
  // The default of RFC 7541; what Envoy repeats fits many times over.
  headerTableBytes: 4096,
  // Metadata of a call, not the headers of the request that is checked: those are in the message.
  maxHeaderListBytes: 16 * 1024,
  maxHeaderBlockBytes: 32 * 1024,
  maxContinuations: 16,
  maxBufferedRequestBytes: 16 * 1024 * 1024,
  maxQueuedAnswerBytes: 16 * 1024 * 1024,
  totalBufferedBytes: 24 * 1024 * 1024,
  totalStreams: 32_768,
  congestedBytes: 256 * 1024,
  handshakeTimeoutMs: 10_000,
  // As long as Envoy keeps an idle connection.
  idleTimeoutMs: 3_600_000,
  requestTimeoutMs: 30_000,
  stallTimeoutMs: 30_000,
  // As many as a connection may have open can be cancelled at once, and as many again that came with them.
  resets: { burst: 2048, perSecond: 100, perAnswer: 1 },
  youngMs: 20,
  // gRPC clients measure the path with a PING for each batch of answers.
  pings: { burst: 200, perSecond: 10, perAnswer: 1 },
  settings: { burst: 20, perSecond: 1, perAnswer: 0 },
  emptyFrames: { burst: 200, perSecond: 20, perAnswer: 1 },
  // Some clients send two of them for every DATA frame they receive.
  windowUpdates: { burst: 4096, perSecond: 200, perAnswer: 3 },
  inflatedBytes: { burst: 8 * 1024 * 1024, perSecond: 8 * 1024 * 1024, perAnswer: 0 },
  // Some 50 ms of each second.
  totalInflatedBytes: { burst: 16 * 1024 * 1024, perSecond: 16 * 1024 * 1024, perAnswer: 0 },
};
