import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A network between two programs that a test can take away. */
export interface TcpProxy {
  readonly port: number;
  /** Connections break, and none can be made. */
  cut(): void;
  /** Nothing arrives any more, and nobody is told. */
  stall(): void;
  restore(): void;
  close(): Promise<void>;
}

/** Passes connections on to a port of loopback. */
export async function startTcpProxy(to: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'stalled' = 'open';
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  };
  const pass = (from: Socket, onto: Socket): void => {
    from.on('data', (bytes) => {
      // What comes while it is stalled is lost: such a connection is never whole again.
      if (state === 'open') onto.write(bytes);
    });
    from.once('close', () => onto.destroy());
  };
  const server = createServer((socket) => {
    keep(socket);
    if (state === 'cut') {
      socket.destroy();
      return;
    }
    const onward = connect(to, '127.0.0.1');
    keep(onward);
    pass(socket, onward);
    pass(onward, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut';
      drop();
    },
    stall() {
      state = 'stalled';
    },
    restore() {
      state = 'open';
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      drop();
      await closed;
    },
  };
}
