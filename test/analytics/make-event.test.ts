import { create, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { StreamAccessLogsMessageSchema } from '../../gen/envoy/service/accesslog/v3/als_pb.js';
import { Entry, Span } from '../../src/analytics/entry.ts';
import type { RequestEvent } from '../../src/analytics/event.ts';
import { createEventMaker } from '../../src/analytics/make-event.ts';
import { EntryReader } from '../../src/analytics/read-message.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { snapshotOfDocuments } from '../decision/documents.ts';
import { shop } from '../e2e/shop.ts';

type LogEntries = MessageInitShape<typeof StreamAccessLogsMessageSchema>['logEntries'];
type HttpEntry = NonNullable<Extract<NonNullable<LogEntries>, { case: 'httpLogs' }>['value']['logEntry']>[number];

const NOW = Date.UTC(2026, 10, 28);

let snapshot: Snapshot;
beforeAll(async () => {
  snapshot = await snapshotOfDocuments(shop);
});

function eventOf(
  logEntries: LogEntries,
  node?: string,
  clientAddress: 'full' | 'truncated' = 'truncated',
): RequestEvent {
  const identifier = { logName: 'ostiary', ...(node !== undefined && { node: { id: node, cluster: 'shop' } }) };
  const init = { identifier, logEntries } as MessageInitShape<typeof StreamAccessLogsMessageSchema>;
  const message = create(StreamAccessLogsMessageSchema, init);
  const reader = new EntryReader(toBinary(StreamAccessLogsMessageSchema, message));
  const toEvent = createEventMaker({ names: () => snapshot, now: () => NOW, newId: () => 'made', clientAddress });
  const entry = reader.next();
  if (!(entry instanceof Entry)) throw new Error('no entry');
  // As the id of its decision tells it, once that is verified.
  if (entry.has(Span.id)) entry.decisionMs = 2.5;
  return toEvent(entry, reader.node);
}

const http = (entry: HttpEntry): LogEntries => ({ case: 'httpLogs', value: { logEntry: [entry] } });

const address = (host: string, port: number) => ({
  address: {
    case: 'socketAddress' as const,
    value: { address: host, portSpecifier: { case: 'portValue' as const, value: port } },
  },
});

const whole: HttpEntry = {
  commonProperties: {
    downstreamRemoteAddress: address('203.0.113.77', 40_000),
    downstreamLocalAddress: address('10.1.2.4', 8080),
    upstreamRemoteAddress: address('2001:db8::5', 8080),
    tlsProperties: {
      peerCertificateProperties: {
        subjectAltName: [{ san: { case: 'uri', value: 'spiffe://shop.example/ns/shop/sa/web' } }],
      },
    },
    startTime: { seconds: 1_790_000_000n, nanos: 250_900_000 },
    timeToFirstUpstreamTxByte: { nanos: 3_000_000 },
    timeToFirstUpstreamRxByte: { nanos: 9_500_000 },
    duration: { seconds: 1n, nanos: 500_000_000 },
    upstreamCluster: 'outbound|8080||orders.shop.svc.cluster.local',
    responseFlags: { upstreamRequestTimeout: true, upstreamRetryLimitExceeded: true },
    metadata: {
      filterMetadata: {
        'envoy.filters.http.ext_authz': {
          id: 'c3RhbmRzIGZvciBhIGRlY2lzaW9u',
          api: 'orders',
          client_id: 'gold-id',
          client_name: 'gold',
          contract: 'gold-orders',
          tier: 'gold',
          outcome: 'allow',
          shadow: 'new-quota:quota_spent,new-jwt:token_missing',
          ext_authz_duration: 2.5,
        },
      },
    },
    accessLogType: 6,
  },
  request: {
    requestMethod: 3,
    path: '/orders/4711?token=marker',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    requestId: '0d6e1b6e-62b2-9d1f-a8a3-1b1d4a1c2b3d',
    requestHeadersBytes: 900n,
    requestBodyBytes: 100n,
    requestHeaders: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
  },
  response: {
    responseCode: 504,
    responseHeadersBytes: 150n,
    responseBodyBytes: 50n,
    responseTrailers: { 'grpc-status': '4' },
    responseCodeDetails: 'response_timeout',
  },
};

describe('the event of a request', () => {
  it('has all that the entry tells of it', () => {
    expect(eventOf(http(whole), 'orders-7d9f')).toEqual({
      id: 'c3RhbmRzIGZvciBhIGRlY2lzaW9u',
      receivedAt: 1_790_000_000_250,
      endedAt: 1_790_000_001_750,
      api: 'orders',
      route: '/orders',
      client: 'gold',
      clientId: 'gold-id',
      contract: 'gold-orders',
      tier: 'gold',
      outcome: 'processed',
      shadow: ['new-quota:quota_spent', 'new-jwt:token_missing'],
      method: 'POST',
      status: 504,
      grpcStatus: 4,
      responseFlags: ['UT', 'URX'],
      details: 'response_timeout',
      requestBytes: 1000,
      responseBytes: 200,
      durationMs: 1500,
      upstreamMs: 6.5,
      policyMs: 2.5,
      clientAddress: '203.0.113.0',
      userAgent: 'Chrome',
      requestId: '0d6e1b6e-62b2-9d1f-a8a3-1b1d4a1c2b3d',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      source: 'spiffe://shop.example/ns/shop/sa/web',
      destination: 'orders-7d9f',
      service: 'outbound|8080||orders.shop.svc.cluster.local',
      upstreamHost: '[2001:db8::5]:8080',
    });
  });

  it('has nothing that is not known', () => {
    expect(eventOf(http({}))).toEqual({
      id: 'made',
      receivedAt: NOW,
      endedAt: NOW,
      outcome: 'rejected_by_envoy',
      method: '_other',
      status: 0,
      responseFlags: [],
      requestBytes: 0,
      responseBytes: 0,
    });
  });

  it('has the address that was asked where no node is told, and the time of its end where no start is', () => {
    const common = whole.commonProperties as Record<string, unknown>;
    const event = eventOf(http({ commonProperties: { ...common, startTime: undefined } as never }));
    expect(event).toMatchObject({ destination: '10.1.2.4:8080', receivedAt: NOW - 1500, endedAt: NOW });
  });

  it('keeps no text that a caller can make as long or as odd as it likes', () => {
    const event = eventOf(
      http({
        request: {
          requestId: 'eyJhbGciOiJIUzI1NiJ9.'.repeat(9),
          userAgent: 'a secret of somebody',
          requestHeaders: { traceparent: 'marker', ':method': 'MARKER' },
        },
        response: { responseCodeDetails: 'x'.repeat(1000), responseTrailers: { 'grpc-status': '1; marker' } },
      }),
    );
    expect(event).toMatchObject({ method: '_other', userAgent: 'other', details: `${'x'.repeat(256)}…` });
    expect(Object.keys(event)).not.toEqual(expect.arrayContaining(['requestId']));
    expect(JSON.stringify(event)).not.toMatch(/marker|secret/i);
  });

  it('stays a date whatever an entry says of time', () => {
    for (const seconds of [2n ** 62n, -5n, 10n ** 13n]) {
      const event = eventOf(http({ commonProperties: { startTime: { seconds }, duration: { seconds } } }));
      expect(new Date(event.receivedAt).getTime()).toBe(NOW);
      expect(new Date(event.endedAt).getTime()).toBeGreaterThanOrEqual(NOW);
    }
  });

  it('is made of a connection that is no HTTP, too', () => {
    const commonProperties = { ...whole.commonProperties, metadata: undefined, responseFlags: undefined } as object;
    const connectionProperties = { receivedBytes: 7n, sentBytes: 9n };
    const event = eventOf({ case: 'tcpLogs', value: { logEntry: [{ commonProperties, connectionProperties }] } });
    expect(event).toMatchObject({ method: 'TCP', outcome: 'unchecked', status: 0, requestBytes: 7, responseBytes: 9 });
  });
});

describe('the source of a request', () => {
  const forwarded = (header: string) =>
    eventOf(http({ request: { requestHeaders: { 'x-forwarded-client-cert': header } } })).source;

  it('is of the last element of XFCC where the connection has no certificate', () => {
    expect(forwarded('By=spiffe://a/b;URI=spiffe://shop/web,Hash=ab;URI=spiffe://shop/gateway')).toBe(
      'spiffe://shop/gateway',
    );
  });

  it('is not told where XFCC names no SPIFFE id, or is not well-formed', () => {
    for (const header of [
      'URI=https://shop.example/web',
      'Hash=ab',
      'URI="spiffe://shop/web',
      '',
      'URI=spiffe://a b',
    ]) {
      expect(forwarded(header)).toBeUndefined();
    }
  });
});
