/** What a peer did when it was stopped: the label of a metric. */
export type AbuseKind =
  | 'rapid_reset'
  | 'continuation_flood'
  | 'header_block_too_large'
  | 'header_list_too_large'
  | 'settings_flood'
  | 'ping_flood'
  | 'empty_frame_flood'
  | 'window_update_flood'
  | 'too_many_streams'
  | 'too_many_connections'
  | 'request_buffer_full'
  | 'inflation_flood'
  | 'answer_queue_full'
  | 'stalled_reader'
  | 'slow_handshake'
  | 'slow_request';

/** Observes the connections of a listener. Called on hot paths: it should only add numbers. */
export interface TransportObserver {
  readonly counters: TransportCounters;
  onAbuse(kind: AbuseKind): void;
  /** A fault of our own ended a connection or a call. */
  onInternalError(error: unknown): void;
}

/** Plain sums since the start, cheap to add to and read when metrics are scraped. */
export interface TransportCounters {
  connectionsOpened: number;
  connectionsClosed: number;
  /** Connections that we ended because the peer broke the protocol or a limit. */
  connectionErrors: number;
  streamsOpened: number;
  /** Streams that we ended with RST_STREAM other than NO_ERROR. */
  streamErrors: number;
  callsOk: number;
  /** Calls that ended with another status than OK. */
  callsFailed: number;
  /** Calls that the peer cancelled or lost with its connection. */
  callsCancelled: number;
  bytesRead: number;
  bytesWritten: number;
}

export function zeroCounters(): TransportCounters {
  return {
    connectionsOpened: 0,
    connectionsClosed: 0,
    connectionErrors: 0,
    streamsOpened: 0,
    streamErrors: 0,
    callsOk: 0,
    callsFailed: 0,
    callsCancelled: 0,
    bytesRead: 0,
    bytesWritten: 0,
  };
}
