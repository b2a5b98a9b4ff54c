import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';

/** APIs that answer as the path asks them to. */
export interface MixedUpstream {
  /** Of HTTP/1.1. */
  readonly port: number;
  /** Of gRPC. */
  readonly grpcPort: number;
  /** Resolves when a request of this path has arrived. */
  arrived(path: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * By the second part of the path: `hang` answers never, `half` begins to answer and never ends, `cut` closes the connection,
 * `flaky` answers 503 to the first attempt of each request and 200 to the next, and a number is the status. gRPC calls end
 * with the status that is the last part of the method's name, in trailers.
 */
export async function startMixedUpstream(): Promise<MixedUpstream> {
  const arrivals = new Map<string, PromiseWithResolvers<void>>();
  const arrival = (path: string): PromiseWithResolvers<void> => {
    const known = arrivals.get(path) ?? Promise.withResolvers<void>();
    arrivals.set(path, known);
    return known;
  };
  const tried = new Set<unknown>();
  const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    const path = request.url ?? '';
    const [, , kind = ''] = path.split('/');
    const id = request.headers['x-request-id'];
    request.resume();
    if (kind === 'hang' || kind === 'half') arrival(path).resolve();
    if (kind === 'hang') return;
    if (kind === 'cut') {
      request.socket.destroy();
      return;
    }
    response.statusCode = Number(/^\d{3}$/.exec(kind)?.[0] ?? 200);
    if (kind === 'flaky' && !tried.has(id)) {
      tried.add(id);
      response.statusCode = 503;
    }
    if (kind === 'half') response.write('the first half');
    else response.end('answer');
  });
  const grpcServer = createHttp2Server();
  grpcServer.on('stream', (stream, headers) => {
    const status = /(\d+)$/.exec(headers[':path'] ?? '')?.[1] ?? '0';
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
    stream.once('error', () => undefined);
    stream.resume();
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.end(Buffer.alloc(5));
  });
  const [port, grpcPort] = [await listen(server), await listen(grpcServer)];
  return {
    port,
    grpcPort,
    arrived: (path) => arrival(path).promise,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      // Envoy, which has the connections, has ended.
      grpcServer.close();
    },
  };
}

async function listen(server: Pick<Server, 'listen' | 'address'>): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}
