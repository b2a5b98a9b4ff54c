import { create, toBinary } from '@bufbuild/protobuf';
import { CheckRequestSchema } from '../gen/envoy/service/auth/v3/external_auth_pb.js';

export interface RealisticCheck {
  /** Decimal, as Envoy's. A Check with the same one as an earlier Check counts as its repetition and is not charged. */
  readonly streamId: string;
  readonly clientId: string;
  /** An 800-byte token in the benchmarks that verify one. */
  readonly token: string;
  readonly path?: string;
  /** In place of others of their names, or beside them. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The Check that every benchmark sends: 16 headers of a browser's call through a mesh, and the pseudo-headers; some 1.7 kB. */
export function realisticCheck({
  streamId,
  clientId,
  token,
  path = '/orders/v1/orders/4711?expand=lines',
  headers = {},
}: RealisticCheck): Uint8Array {
  const host = 'orders.shop.svc.cluster.local';
  return toBinary(
    CheckRequestSchema,
    create(CheckRequestSchema, {
      attributes: {
        source: {
          address: { address: socket('10.244.1.17', 51234) },
          principal: 'spiffe://cluster.local/ns/shop/sa/web',
        },
        destination: {
          address: { address: socket('10.244.2.9', 8080) },
          principal: 'spiffe://cluster.local/ns/shop/sa/orders',
        },
        request: {
          time: { seconds: 1_790_000_000n, nanos: 123_456_000 },
          http: {
            id: streamId,
            method: 'GET',
            path,
            host,
            scheme: 'https',
            protocol: 'HTTP/2',
            size: -1n,
            headers: {
              ':authority': host,
              ':method': 'GET',
              ':path': path,
              ':scheme': 'https',
              accept: 'application/json, text/plain, */*',
              'accept-encoding': 'gzip, deflate, br',
              'accept-language': 'en-GB,en;q=0.9',
              authorization: `Bearer ${token}`,
              'cache-control': 'no-cache',
              client_id: clientId,
              origin: 'https://shop.example.com',
              referer: 'https://shop.example.com/orders',
              'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)',
              'x-b3-sampled': '1',
              'x-b3-spanid': '00f067aa0ba902b7',
              'x-b3-traceid': '4bf92f3577b34da6a3ce929d0e0e4736',
              'x-envoy-attempt-count': '1',
              'x-forwarded-for': '203.0.113.7',
              'x-forwarded-proto': 'https',
              'x-request-id': 'a3c1f7de-52e4-4ed0-9b8f-6d8f6a3f5f11',
              ...headers,
            },
          },
        },
      },
    }),
  );
}

function socket(address: string, port: number) {
  return {
    case: 'socketAddress' as const,
    value: { address, portSpecifier: { case: 'portValue' as const, value: port } },
  };
}
