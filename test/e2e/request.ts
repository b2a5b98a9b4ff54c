import { request as httpRequest } from 'node:http';
import { connect } from 'node:http2';
import type { Echo } from '../../demo/upstream.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface RequestOptions {
  readonly method?: string;
  /** A list: the header is sent that many times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** One HTTP/1.1 request on a connection of its own; the path is sent exactly as it is given. */
export async function send(port: number, path: string, options: RequestOptions = {}): Promise<Answer> {
  const method = options.method ?? 'GET';
  const headers = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : [...value],
    ]),
  );
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
    request.once('error', reject);
    request.once('connect', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
    });
    request.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.end();
  });
}

/** What the upstream saw of a request that was allowed. */
export function echoOf(answer: Answer): Echo {
  if (answer.status !== 200) throw new Error(`the upstream was not reached: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body) as Echo;
}

/** A unary gRPC call over HTTP/2 without TLS: the headers (and trailers) that the caller gets. */
export async function callGrpc(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    return await new Promise((resolve, reject) => {
      session.once('error', reject);
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      let answer: Record<string, unknown> = {};
      stream.once('response', (received) => (answer = { ...received }));
      stream.once('trailers', (received) => (answer = { ...answer, ...received }));
      stream.once('error', reject);
      stream.once('end', () => resolve(answer));
      stream.resume();
      stream.end(Buffer.alloc(5));
    });
  } finally {
    session.destroy();
  }
}
