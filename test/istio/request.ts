import { connect } from 'node:net';

export interface RawRequest {
  readonly path?: string;
  readonly host?: string;
  /** `1.0` as `curl --http1.0` sends it. */
  readonly version?: '1.0' | '1.1';
  /** What comes before the request line. */
  readonly ahead?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** True: the connection stays open, and the answer ends when nothing comes any more. */
  readonly keepAlive?: boolean;
}

/** One request, byte by byte: its status, or 0 where the connection ended without any. */
export async function statusOf(address: string, port: number, request: RawRequest = {}): Promise<number> {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(await ask(address, port, request))?.[1] ?? 0);
}

/** The whole answer as it came; empty where none came. */
export async function ask(address: string, port: number, request: RawRequest = {}): Promise<string> {
  const {
    path = '/orders/1',
    host = 'orders.shop',
    version = '1.1',
    ahead = '',
    headers = {},
    keepAlive = false,
  } = request;
  const lines = Object.entries({ host, connection: keepAlive ? 'keep-alive' : 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: address, port, timeout: 5000 });
    const end = () => {
      socket.destroy();
      resolve(text);
    };
    socket.once('connect', () => socket.write(`${ahead}GET ${path} HTTP/${version}\r\n${lines.join('')}\r\n`));
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (keepAlive) socket.setTimeout(200);
    });
    socket.once('error', end);
    socket.once('timeout', end);
    socket.once('close', end);
  });
}
