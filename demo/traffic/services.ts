import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the services behind the APIs do. The story changes it. */
export interface Health {
  /** The part of requests for orders that end in a 500. */
  ordersFailing: number;
  /** How long a search in the catalog takes, at most. */
  searchMs: number;
}

/** Behind each API one, by Envoy's name of its cluster; `stock` has no API. */
export const SERVICES = ['catalog-v1', 'orders-v7', 'payments-v3', 'stock-v1'] as const;
export type Service = (typeof SERVICES)[number];

export interface Services {
  readonly ports: Readonly<Record<Service, number>>;
  readonly health: Health;
  close(): Promise<void>;
}

export async function startServices(): Promise<Services> {
  const health: Health = { ordersFailing: 0, searchMs: 30 };
  const started = await Promise.all(SERVICES.map((name) => listen(createServer(answerOf(name, health)))));
  const ports = started.map((server, at) => [SERVICES[at], (server.address() as AddressInfo).port]);
  return {
    ports: Object.fromEntries(ports) as Record<Service, number>,
    health,
    async close() {
      for (const server of started) server.closeAllConnections();
      await Promise.all(started.map((server) => new Promise((resolve) => void server.close(resolve))));
    },
  };
}

function answerOf(name: Service, health: Health): (request: IncomingMessage, response: ServerResponse) => void {
  let count = 0;
  return (request, response) => {
    count += 1;
    const isSearch = request.url?.startsWith('/catalog/search') === true;
    // The same for every run: neither the failures nor the delays are thrown by dice.
    const fails =
      name === 'orders-v7' && Math.floor(count * health.ordersFailing) > Math.floor((count - 1) * health.ordersFailing);
    const waitMs = isSearch ? health.searchMs * (0.4 + 0.6 * ((count % 7) / 6)) : 2 + (count % 5) * 2;
    setTimeout(() => {
      response.statusCode = fails ? 500 : 200;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ service: name, items: Array.from({ length: 20 }, (_, at) => `item ${at}`) }));
    }, waitMs);
  };
}

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}
