import { createServer, request as ask } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Of Traefik's dynamic configuration. */
export interface ForwardAuth {
  readonly address: string;
  readonly trustForwardHeader: boolean;
  readonly authResponseHeaders: readonly string[];
}

const HOP_BY_HOP = 'connection keep-alive proxy-authenticate te trailer transfer-encoding upgrade'.split(' ');
const FORWARDED = 'for host method port prefix proto server uri'.split(' ').map((part) => `x-forwarded-${part}`);

/**
 * A stand-in for Traefik, which can't be had here: what its ForwardAuth does with headers and statuses, as the documentation and the
 * source of Traefik 3.7 say (`pkg/middlewares/auth/forward.go`), between its removal of `X-Forwarded-*` of untrusted peers and a plain proxy.
 */
export async function startForwardAuth(options: ForwardAuth, upstream: string, port: number) {
  if (options.trustForwardHeader) throw new Error('what peers forward is not trusted here');
  const server = createServer((request, response) => {
    void forward(request, response, options, upstream).catch(() => {
      if (!response.headersSent) response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return {
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(request: IncomingMessage, response: ServerResponse, options: ForwardAuth, upstream: string) {
  const named = new Set((request.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const isManaged = (name: string): boolean => [...FORWARDED, 'x-real-ip'].includes(name.replaceAll('_', '-'));
  const headers: OutgoingHttpHeaders = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (!HOP_BY_HOP.includes(name) && !named.has(name) && !isManaged(name) && values !== undefined)
      headers[name] = values;
  }
  // Go reads the target as a URL: its authority goes before the header, and a fragment or a bad escape is an error.
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/.exec(request.url ?? '');
  const host = absolute?.[1] ?? request.headers.host ?? '';
  const uri = (absolute === null ? request.url : absolute[2] || '/') ?? '';
  const asked = new URL(options.address);
  const { host: _, 'content-length': __, ...told } = headers;
  const length = request.headers['content-length'];
  const answer = await call(asked.host, 'GET', asked.pathname, {
    ...told,
    host: asked.host,
    'x-forwarded-for': (request.socket.remoteAddress ?? '').replace('::ffff:', ''),
    'x-forwarded-method': request.method,
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '80',
    'x-forwarded-host': host,
    'x-forwarded-uri': uri,
  });
  if (answer.status < 200 || answer.status >= 300) {
    for (const name of HOP_BY_HOP) delete answer.headers[name];
    response.writeHead(answer.status, answer.headers).end(answer.body);
    return;
  }
  for (const header of options.authResponseHeaders) {
    const name = header.toLowerCase();
    delete headers[name];
    if (answer.headers[name] !== undefined) headers[name] = answer.headers[name];
  }
  const passed = await call(
    upstream,
    request.method ?? '',
    uri,
    { ...headers, host, ...(length && { 'content-length': length }) },
    request,
  );
  response.writeHead(passed.status, passed.headers).end(passed.body);
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function call(
  place: string,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders,
  body?: IncomingMessage,
): Promise<Answered> {
  const [host, port] = place.split(':');
  return new Promise((resolve, reject) => {
    const sent = ask({ host, port, method, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.once('error', reject);
    if (body === undefined) sent.end();
    else body.pipe(sent);
  });
}
