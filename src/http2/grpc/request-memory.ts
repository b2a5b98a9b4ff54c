import { Code, RpcError } from '../../grpc/rpc.ts';
import type { StreamHost } from '../stream.ts';

/** What keeping a message costs beside its octets: without it, empty ones would cost nothing. */
const keptBytes = 256;

export function weightOf(message: Uint8Array): number {
  return message.length + keptBytes;
}

/**
 * Counts octets of requests that a connection holds. They are given back by subtracting them again.
 * @throws {RpcError} RESOURCE_EXHAUSTED where all its calls together would hold more than they may
 */
export function hold(host: StreamHost, bytes: number, maxBufferedBytes: number): void {
  if (host.bufferedRequestBytes + bytes > maxBufferedBytes) {
    host.observer.onAbuse('request_buffer_full');
    throw new RpcError(Code.resourceExhausted, 'too many requests wait unfinished or unread on this connection');
  }
  host.bufferedRequestBytes += bytes;
}
