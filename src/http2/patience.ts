import type { Connection } from './connection.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import type { AbuseKind } from './observer.ts';

/** Of a connection, in its monotonic milliseconds. */
export interface Moments {
  readonly openedAtMs: number;
  readonly lastReceivedMs: number;
  /** When the frame or header block began that is not whole yet. Infinity: none. */
  readonly partialSinceMs: number;
}

/** Ends what takes longer than the limits allow. Called about once a second for each connection. */
export function sweep(connection: Connection, { openedAtMs, lastReceivedMs, partialSinceMs }: Moments): void {
  const { closing, control, limits, nowMs, sender, streams } = connection;
  if (closing.state === 'ended') return;
  if (!control.settingsSeen) {
    if (nowMs - openedAtMs > limits.handshakeTimeoutMs) giveUp(connection, 'slow_handshake');
  } else if (nowMs - sender.stalledSinceMs > limits.stallTimeoutMs) giveUp(connection, 'stalled_reader');
  else if (nowMs - partialSinceMs > limits.requestTimeoutMs && !sender.isCongested) giveUp(connection, 'slow_request');
  else if (streams.open.size > 0) {
    for (const stream of streams.open.values()) stream.expire();
    endSlowRequests(connection);
  } else if (nowMs - lastReceivedMs > limits.idleTimeoutMs) closing.drain();
}

/** The peer has used up more than its share. */
export function giveUp(connection: Connection, kind: AbuseKind): void {
  if (connection.closing.state === 'ended') return;
  connection.onAbuse(kind);
  connection.closing.fail(new ConnectionError(ErrorCode.enhanceYourCalm, kind));
}

function endSlowRequests(connection: Connection): void {
  const { limits, nowMs, streams } = connection;
  for (const stream of streams.open.values()) {
    // The table is in the order of opening.
    if (nowMs - stream.openedAtMs <= limits.requestTimeoutMs) return;
    if (stream.remoteClosed || !stream.expectsEndSoon) continue;
    connection.onAbuse('slow_request');
    connection.reset(stream, ErrorCode.cancel);
  }
}
