import { systemClock } from '../../src/clock.ts';
import { grpcJsTransport } from '../../src/grpc/grpc-js.ts';
import type { RpcTransport } from '../../src/grpc/rpc.ts';
import { http2Transport } from '../../src/http2/transport.ts';

/** Every listener test runs on all of these. */
export const transports: readonly { readonly name: string; readonly transport: RpcTransport }[] = [
  { name: 'grpc-js', transport: grpcJsTransport({ clock: systemClock }) },
  { name: 'http2', transport: http2Transport({ now: () => systemClock.monotonic() }) },
];
