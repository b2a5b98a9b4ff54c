import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import type { HTTPAccessLogEntrySchema } from '../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { ID_LENGTH } from '../src/analytics/decision-id.ts';

/** The address at which the Envoy that logged it takes requests. */
export const DESTINATION = '10.1.2.4:8080';

/** In place of the id of a decision. */
export const NO_ID = '-'.repeat(ID_LENGTH);

/** What the answer to the Check told, but for the id. */
export function toldOf(index: number): JsonObject {
  return {
    api: 'orders',
    client_id: `client-${index}`,
    client_name: `web-shop-${index}`,
    contract: `web-shop-${index}-orders`,
    tier: 'gold',
    outcome: 'allow',
  };
}

const address = (host: string, port: number) => ({
  address: {
    case: 'socketAddress' as const,
    value: { address: host, portSpecifier: { case: 'portValue' as const, value: port } },
  },
});
const ms = (count: number) => ({ nanos: count * 1_000_000 });

/** With the fields that Envoy 1.40 fills. Its id is {@link NO_ID}. */
export function loggedEntry(index: number, told = toldOf(index)): MessageInitShape<typeof HTTPAccessLogEntrySchema> {
  const decision = { ...told, ext_authz_duration: 2, id: NO_ID };
  return {
    commonProperties: {
      downstreamRemoteAddress: address('10.1.2.3', 40_000 + index),
      downstreamLocalAddress: address('10.1.2.4', 8080),
      downstreamDirectRemoteAddress: address('10.1.2.3', 40_000 + index),
      upstreamRemoteAddress: address('10.1.2.5', 8080),
      upstreamLocalAddress: address('10.1.2.4', 50_000),
      startTime: { seconds: 1_790_000_000n, nanos: 5 },
      timeToLastRxByte: ms(1),
      timeToFirstUpstreamTxByte: ms(3),
      timeToLastUpstreamTxByte: ms(3),
      timeToFirstUpstreamRxByte: ms(9),
      timeToLastUpstreamRxByte: ms(9),
      timeToFirstDownstreamTxByte: ms(10),
      timeToLastDownstreamTxByte: ms(10),
      duration: ms(10),
      upstreamCluster: 'outbound|8080||orders.shop.svc.cluster.local',
      routeName: 'orders',
      metadata: { filterMetadata: { 'envoy.filters.http.ext_authz': decision } },
      upstreamRequestAttemptCount: 1,
      streamId: '9f9ab6a1-5c0d-4b0f-9d8c-1f1d4a1c2b3d',
      downstreamWireBytesSent: 500n,
      downstreamWireBytesReceived: 400n,
      upstreamWireBytesSent: 400n,
      upstreamWireBytesReceived: 500n,
      accessLogType: 6,
    },
    protocolVersion: 2,
    request: {
      requestMethod: 1,
      scheme: 'https',
      authority: 'orders.example.com',
      path: `/orders/${index}?expand=items`,
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
      forwardedFor: '203.0.113.9,10.1.2.3',
      requestId: '0d6e1b6e-62b2-9d1f-a8a3-1b1d4a1c2b3d',
      requestHeadersBytes: 900n,
    },
    response: {
      responseCode: 200,
      responseHeadersBytes: 150n,
      responseBodyBytes: 2048n,
      responseTrailers: { 'grpc-status': '0' },
      responseCodeDetails: 'via_upstream',
    },
  };
}
