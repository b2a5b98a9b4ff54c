import { afterEach } from 'vitest';
import type { Call, ListenOptions, Method, RpcListener, RpcTransport } from '../../src/grpc/rpc.ts';
import { RawClient } from './client.ts';

export const LOOPBACK = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
export const text = (value: string): Buffer => Buffer.from(value);

export const unary = (handle: (request: Uint8Array, call: Call) => Uint8Array | Promise<Uint8Array>): Method => ({
  kind: 'unary',
  path: '/test.Test/Unary',
  handle,
});

/** Opens listeners that the end of each test closes. */
export function listeners(transport: RpcTransport) {
  const open: RpcListener[] = [];
  const clients: RawClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(open.splice(0).map((listener) => listener.drain(0)));
  });
  return async function serve(
    methods: readonly Method[],
    options: Partial<ListenOptions> = {},
  ): Promise<{ listener: RpcListener; client: RawClient }> {
    const listener = await transport({
      address: LOOPBACK,
      methods,
      tls: undefined,
      maxMessageBytes: 1_000_000,
      ...options,
    });
    open.push(listener);
    const client = new RawClient(listener.address);
    clients.push(client);
    return { listener, client };
  };
}
