import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Keeps a server to so many connections by closing old ones: who opens many and asks nothing must
 * not lock out those that do ask. The one that has been idle longest goes first; where all are
 * being answered, the oldest of them.
 */
export function boundConnections(server: Server, maximum: number): void {
  /** The least recently used first. */
  const idle = new Set<Socket>();
  const answering = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    if (idle.size + answering.size >= maximum) {
      const [oldest] = idle.size > 0 ? idle : answering;
      if (oldest !== undefined) {
        idle.delete(oldest);
        answering.delete(oldest);
        oldest.destroy();
      }
    }
    idle.add(socket);
    socket.once('close', () => {
      idle.delete(socket);
      answering.delete(socket);
    });
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (socket.destroyed) return;
    idle.delete(socket);
    answering.add(socket);
    response.once('close', () => {
      if (answering.delete(socket) && !socket.destroyed) idle.add(socket);
    });
  });
}
