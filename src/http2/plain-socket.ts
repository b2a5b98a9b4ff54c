import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** TCP or a Unix socket without TLS. Asked without `node:tls`, which a listener without TLS has no use for: 4 MB. */
export function isPlainSocket(stream: Duplex): stream is Socket {
  return stream instanceof Socket && !('encrypted' in stream);
}
