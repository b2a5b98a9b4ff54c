import { http2Transport } from '../../src/http2/transport.ts';
import { grpcJsTransport } from '../../src/rpc/grpc-js.ts';
import type { RpcTransport } from '../../src/rpc/rpc.ts';

/** Every listener test runs on all of these. */
export const transports: readonly { readonly name: string; readonly transport: RpcTransport }[] = [
  { name: 'grpc-js', transport: grpcJsTransport },
  { name: 'http2', transport: http2Transport() },
];
