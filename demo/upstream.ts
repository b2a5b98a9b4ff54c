import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An API to protect: it answers 200 with the request as it arrived. */
export interface Upstream {
  readonly port: number;
  close(): Promise<void>;
}

/** What {@link startUpstream}'s API says of a request. */
export interface Echo {
  readonly method: string;
  readonly path: string;
  /** Repeated headers are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
}

/** @param port 0: a free one */
export async function startUpstream(port = 0): Promise<Upstream> {
  const server = createServer((request, response) => {
    const headers = Object.entries(request.headersDistinct).map(([name, values]) => [name, values?.join(',') ?? '']);
    const echo: Echo = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: Object.fromEntries(headers) as Record<string, string>,
    };
    response.setHeader('content-type', 'application/json');
    response.end(`${JSON.stringify(echo, null, 2)}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
