import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A forward proxy on real sockets: it tunnels (CONNECT) and forwards, and resolves every host to this machine. */
export class ConnectProxy {
  /** What was asked for, such as `CONNECT issuer.test:443`. */
  readonly asked: string[] = [];
  /** Credentials that came with them. */
  readonly credentials = new Set<string | undefined>();
  /** What a CONNECT is answered with instead of a tunnel; `hang`: nothing. */
  refusal: string | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(portOf: (host: string) => number) {
    this.#server = createServer((request, response) => {
      this.asked.push(`${request.method} ${request.url}`);
      this.credentials.add(request.headers['proxy-authorization']);
      response.end(JSON.stringify({ keys: [] }));
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('connect', (request, client: Socket) => {
      this.asked.push(`CONNECT ${request.url}`);
      this.credentials.add(request.headers['proxy-authorization']);
      client.on('error', () => {});
      if (this.refusal === 'hang') {
        // Sees the other side go.
        client.on('end', () => client.end()).resume();
        return;
      }
      if (this.refusal !== undefined) {
        client.end(`HTTP/1.1 ${this.refusal}\r\n\r\n`);
        return;
      }
      const upstream = connect(portOf(request.url ?? ''), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      upstream.on('error', () => client.destroy());
      client.on('close', () => upstream.destroy());
    });
  }

  static async open(portOf: (host: string) => number): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(portOf);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
