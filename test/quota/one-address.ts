import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** One address that leads to whatever it is told: a Service, a virtual IP, a managed Redis. Connections stay where they are. */
export interface OneAddress {
  readonly url: string;
  leadTo(port: number): void;
  close(): Promise<void>;
}

export async function oneAddress(port: number): Promise<OneAddress> {
  let leadsTo = port;
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(leadsTo, '127.0.0.1');
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    from.pipe(to).pipe(from);
    from.on('close', () => to.destroy());
    to.on('close', () => from.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (other) => void (leadsTo = other),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
