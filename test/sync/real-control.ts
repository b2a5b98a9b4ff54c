import type { RpcListener } from '../../src/grpc/rpc.ts';
import { http2Transport } from '../../src/http2/transport.ts';
import type { ListenAddress } from '../../src/listen/address.ts';
import type { TlsMaterial } from '../../src/listen/tls.ts';
import { startControl } from './fixture.ts';
import type { TestControl } from './fixture.ts';
import type { MemoryLog } from './memory-log.ts';
import type { MemoryStore } from './memory-store.ts';

/** A control plane's streams on a port of loopback, over a log in memory. */
export interface ListeningControl extends TestControl {
  readonly url: string;
  readonly port: number;
}

export async function listenControl(
  log: MemoryLog,
  { store, port = 0, tls }: { store?: MemoryStore; port?: number; tls?: TlsMaterial } = {},
): Promise<ListeningControl> {
  const plane = await startControl(log, store === undefined ? {} : { store });
  const transport = http2Transport({ now: () => performance.now() });
  const listener: RpcListener = await transport({
    address: { kind: 'tcp', host: '127.0.0.1', port },
    methods: plane.followers.methods(),
    tls,
    maxMessageBytes: 1024 * 1024,
  });
  const { port: bound } = listener.address as Extract<ListenAddress, { kind: 'tcp' }>;
  return {
    ...plane,
    port: bound,
    url: `${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${bound}`,
    async close() {
      await plane.close();
      await listener.drain(1000);
    },
  };
}
