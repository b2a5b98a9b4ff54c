/** Indexes in `Entry.spans`: each text has a start and an end. */
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
  authority: 34,
  // The fields of `dynamic_metadata` in our answer to the Check: from here to the end.
  api: 36,
  clientId: 38,
  clientName: 40,
  contract: 42,
  tier: 44,
  policy: 46,
  decision: 48,
  reason: 50,
  shadow: 52,
  id: 54,
} as const;

export const FIRST_OF_METADATA = Span.api;
/** As many elements as {@link Span} needs. */
const PLACES = 56;

/**
 * Indexes in `Entry.times`: 1 if there is a value, whole seconds (-1 for every negative value), and nanoseconds to
 * add.
 */
export const Time = {
  /** Since the Unix epoch: the first byte of the request, or when the connection was accepted. */
  start: 0,
  /** From `start` to the first byte sent to the upstream, to the first byte received from it, and to the end. */
  upstreamSent: 3,
  upstreamReceived: 6,
  duration: 9,
} as const;

const TIMES = 12;

export const NO_SPANS: readonly number[] = Array.from({ length: PLACES }, () => 0);
export const NO_TIMES: readonly number[] = Array.from({ length: TIMES }, () => 0);

/** Indexes in `Entry.ports`. */
export const Port = { remote: 0, local: 1, upstream: 2 } as const;
