import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an upstream saw of one request, as it tells it in its answer. */
export interface Seen {
  /** Which upstream it was. */
  readonly upstream: string;
  /** The API that the decision named, by way of Envoy: no caller can set it. */
  readonly decided: string;
  readonly path: string;
  /** As they came over the wire: names and values in turn. */
  readonly headers: readonly string[];
}

/** The header in which Envoy tells the upstream the API of the decision. */
export const DECIDED_HEADER = 'test-decided-api';

export interface Upstreams {
  port(name: string): number;
  close(): Promise<void>;
}

/** One server a name, so that what answers is what Envoy has routed to. */
export async function startUpstreams(names: readonly string[]): Promise<Upstreams> {
  const servers = new Map<string, Server>();
  for (const name of names) {
    const server = createServer((request, response) => answer(name, request, response));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    servers.set(name, server);
  }
  return {
    port(name) {
      const server = servers.get(name);
      if (server === undefined) throw new Error(`there is no upstream ${name}`);
      return (server.address() as AddressInfo).port;
    },
    async close() {
      for (const server of servers.values()) {
        server.closeAllConnections();
        await new Promise((resolve) => {
          server.close(resolve);
        });
      }
    },
  };
}

function answer(upstream: string, request: IncomingMessage, response: ServerResponse): void {
  const decided = request.headersDistinct[DECIDED_HEADER]?.join(',') ?? '';
  const seen: Seen = { upstream, decided, path: request.url ?? '', headers: request.rawHeaders };
  request.resume();
  const body = Buffer.from(JSON.stringify(seen));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}
