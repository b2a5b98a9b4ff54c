import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';

/** How long `…/slow` takes, milliseconds. */
export const SLOW_MS = 60;

export interface EventUpstream {
  /** HTTP/1.1. */
  readonly port: number;
  /** HTTP/2: answers gRPC calls, with the status that the path ends with. */
  readonly grpcPort: number;
  /** Resolves when a request for this path has arrived. */
  reached(path: string): Promise<void>;
  close(): Promise<void>;
}

/** Answers as the end of a path says: a status, `slow`, `hang`, or `once` (503 the first time, then 200). */
export async function startEventUpstream(): Promise<EventUpstream> {
  const arrivals = new Map<string, PromiseWithResolvers<void>>();
  const arrival = (path: string) => {
    const known = arrivals.get(path) ?? Promise.withResolvers<void>();
    arrivals.set(path, known);
    return known;
  };
  const failed = new Set<string>();
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    arrival(path).resolve();
    request.resume().once('end', () => answer(path, request, response));
  });
  const answer = (path: string, request: IncomingMessage, response: ServerResponse): void => {
    if (path.endsWith('/hang')) return;
    const isFirst = !failed.has(path);
    if (path.endsWith('/once')) failed.add(path);
    const status = path.endsWith('/once') && isFirst ? 503 : Number(/\/(\d{3})$/.exec(path)?.[1] ?? 200);
    setTimeout(
      () => response.writeHead(status, { 'content-type': 'text/plain' }).end(`${request.method} answered`),
      path.endsWith('/slow') ? SLOW_MS : 0,
    );
  };
  const grpc = createHttp2Server((request, response) => {
    request.resume();
    const status = /\/Fail(\d+)$/.exec(request.url)?.[1];
    response.on('error', () => {});
    response.writeHead(200, { 'content-type': 'application/grpc' });
    response.addTrailers({ 'grpc-status': status ?? '0' });
    response.end(Buffer.alloc(5));
  });
  await Promise.all([listen(server), listen(grpc as unknown as Server)]);
  return {
    port: (server.address() as AddressInfo).port,
    grpcPort: (grpc.address() as AddressInfo).port,
    reached: (path) => arrival(path).promise,
    async close() {
      server.closeAllConnections();
      grpc.close();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function listen(server: Pick<Server, 'listen'>): Promise<void> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
}
