import { Code, RpcError } from '../../grpc/rpc.ts';
import type { StreamHost } from '../stream.ts';

/** The cost of keeping a message beside its octets: without it, empty messages would cost nothing. */
const KEPT_BYTES = 256;

export function weightOf(message: Uint8Array): number {
  return message.length + KEPT_BYTES;
}

/**
 * Counts octets of requests that a connection holds; {@link letGo} releases them.
 * @throws {RpcError} RESOURCE_EXHAUSTED where all its calls together would hold more than they may
 */
export function hold(host: StreamHost, bytes: number, maxBufferedBytes: number): void {
  if (host.bufferedRequestBytes + bytes > maxBufferedBytes || !host.memory.take(bytes)) {
    host.observer.onAbuse('request_buffer_full');
    throw new RpcError(Code.resourceExhausted, 'too many requests wait unfinished or unread');
  }
  host.bufferedRequestBytes += bytes;
}

export function letGo(host: StreamHost, bytes: number): void {
  host.bufferedRequestBytes -= bytes;
  host.memory.give(bytes);
}
