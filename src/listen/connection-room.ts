import type { Server, Socket } from 'node:net';

/** A connection that was silent for less time is not closed for a new one. */
const LEAST_IDLE_MS = 1000;

interface Occupant {
  readonly socket: Socket;
  /** Octets that it had sent at the last check. */
  bytesRead: number;
  /** When a check first saw this number of octets. */
  sinceMs: number;
}

export interface ConnectionRoomOptions {
  readonly most: number;
  /** Which connection is closed if none is idle; by default the new one. */
  readonly whenAllBusy?: 'close oldest' | 'close new';
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Called for each connection that is closed for lack of room. */
  readonly onFull: () => void;
}

/**
 * Limits the connections of a listener. A peer that opens many connections and sends nothing must not lock out others:
 * for a new connection, the one that has been silent for the longest time is closed.
 */
export class ConnectionRoom {
  readonly sockets = new Map<Socket, Occupant>();
  readonly #options: ConnectionRoomOptions;
  #lookedAtMs = -Infinity;
  /** As of the last look, the longest idle last. */
  #idle: Occupant[] = [];

  constructor(options: ConnectionRoomOptions) {
    this.#options = options;
  }

  /** @returns false if there is no room: the socket is already closed. */
  enter(socket: Socket): boolean {
    const { most, whenAllBusy = 'close new', now, onFull } = this.#options;
    if (this.sockets.size >= most) {
      onFull();
      const [oldest] = whenAllBusy === 'close oldest' ? this.sockets.keys() : [];
      const victim = this.#longestIdle() ?? oldest;
      (victim ?? socket).destroy();
      if (victim === undefined) return false;
      this.sockets.delete(victim);
    }
    this.sockets.set(socket, { socket, bytesRead: 0, sinceMs: now() });
    socket.once('close', () => this.sockets.delete(socket));
    return true;
  }

  #longestIdle(): Socket | undefined {
    for (;;) {
      const next = this.#idle.pop();
      if (next === undefined) {
        if (!this.#look()) return undefined;
      } else if (!next.socket.destroyed && next.socket.bytesRead === next.bytesRead) return next.socket;
    }
  }

  /** At most once a second, however many knock. @returns false if nobody is idle, as far as is known */
  #look(): boolean {
    const nowMs = this.#options.now();
    if (nowMs - this.#lookedAtMs < LEAST_IDLE_MS) return false;
    this.#lookedAtMs = nowMs;
    for (const occupant of this.sockets.values()) {
      const { bytesRead } = occupant.socket;
      if (bytesRead === occupant.bytesRead) continue;
      occupant.bytesRead = bytesRead;
      occupant.sinceMs = nowMs;
    }
    this.#idle = [...this.sockets.values()]
      .filter(({ sinceMs }) => nowMs - sinceMs >= LEAST_IDLE_MS)
      // Of two the older goes first.
      .toReversed()
      .sort((a, b) => b.sinceMs - a.sinceMs);
    return this.#idle.length > 0;
  }
}

/** Passes to a server only the connections that are admitted. */
export function admit(server: Server, letIn: (socket: Socket) => boolean): void {
  const serve = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    // A reset before anybody listens must not end the process.
    socket.on('error', () => socket.destroy());
    if (letIn(socket)) for (const listener of serve) listener.call(server, socket);
  });
}
