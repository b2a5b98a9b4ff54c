import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The connection preface of HTTP/2 starts with these bytes, and no method of HTTP/1.1 does (RFC 9113, 3.4). */
const PREFACE = Buffer.from('PRI');
/** How long a connection may take to say which protocol it speaks. */
const FIRST_BYTES_MS = 10_000;

/**
 * Passes on connections that start with HTTP/2's preface, and leaves the others to the server.
 * @returns the connections whose protocol is not known yet
 */
export function divertHttp2(server: Server, toHttp2: (socket: Socket) => void): ReadonlySet<Socket> {
  const undecided = new Set<Socket>();
  const [serveHttp1] = server.listeners('connection') as [(socket: Socket) => void];
  server.off('connection', serveHttp1);
  server.on('connection', (socket: Socket) => {
    let head = Buffer.alloc(0);
    const destroy = (): void => void socket.destroy();
    undecided.add(socket);
    socket.once('close', () => undecided.delete(socket));
    const read = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const compared = Math.min(head.length, PREFACE.length);
      const isHttp2 = head.subarray(0, compared).equals(PREFACE.subarray(0, compared));
      if (isHttp2 && compared < PREFACE.length) return;
      undecided.delete(socket);
      socket.off('data', read).off('error', destroy).off('timeout', destroy).setTimeout(0);
      socket.pause();
      socket.unshift(head);
      if (isHttp2) toHttp2(socket);
      else {
        serveHttp1.call(server, socket);
        socket.resume();
      }
    };
    socket.on('data', read).on('error', destroy).on('timeout', destroy).setTimeout(FIRST_BYTES_MS);
  });
  return undecided;
}
