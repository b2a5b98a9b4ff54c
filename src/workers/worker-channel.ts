import { Socket } from 'node:net';
import type { ToOwner, ToWorker } from './messages.ts';

/** A worker's end of the channel to its owner. Without the owner it has no work and no quota, and ends. */
export class WorkerChannel {
  constructor() {
    process.once('disconnect', () => process.exit(1));
  }

  send(message: ToOwner): void {
    if (process.connected) process.send?.(message);
  }

  /** @param connected called with each connection that is handed over */
  listen(
    heard: (message: Exclude<ToWorker, { kind: 'connection' | 'ping' }>) => void,
    connected: (socket: Socket) => void,
  ): void {
    process.on('message', (message: ToWorker, handle: unknown) => {
      if (message.kind === 'ping') return this.send({ kind: 'pong' });
      if (message.kind !== 'connection') return heard(message);
      // A client that is gone already leaves none.
      if (!(handle instanceof Socket)) return this.send({ kind: 'closed', connections: 1 });
      handle.once('close', () => this.send({ kind: 'closed', connections: 1 }));
      connected(handle);
    });
  }

  /** The process may end. */
  close(): void {
    process.removeAllListeners('disconnect');
    process.disconnect();
  }
}
