import { create, toBinary } from '@bufbuild/protobuf';
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import {
  HTTPAccessLogEntrySchema,
  ResponseFlagsSchema,
  TCPAccessLogEntrySchema,
} from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';

const text = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constant(''));
const uint64 = fc.oneof(fc.bigInt(0n, 100_000n), fc.bigInt(0n, 2n ** 64n - 1n));
const uint32 = fc.oneof(fc.nat(600), fc.nat(0xffffffff));
const number = fc.oneof(fc.nat(12), fc.integer());

const values = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom(null, true, 1.5, ['list'], { api: 'inner' }) },
);
const fields = fc.dictionary(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        'api',
        'client_id',
        'client_name',
        'contract',
        'tier',
        'policy',
        'outcome',
        'reason',
        'shadow',
        'id',
      ),
    },
    { weight: 1, arbitrary: fc.constant('ext_authz_duration') },
    fc.constantFrom('season', 'ap', ''),
  ),
  values,
  { maxKeys: 12, noNullPrototype: true },
) as fc.Arbitrary<JsonObject>;
const metadata = fc.record(
  {
    filterMetadata: fc.dictionary(
      fc.constantFrom(
        'envoy.filters.http.ext_authz',
        'envoy.filters.network.ext_authz',
        'envoy.filters.http.jwt_authn',
        'envoy',
      ),
      fields,
      { maxKeys: 3, noNullPrototype: true },
    ),
  },
  { requiredKeys: [] },
);
const duration = fc.record(
  { seconds: fc.oneof(fc.bigInt(0n, 100n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)), nanos: fc.integer() },
  { requiredKeys: [] },
);
const flags = fc
  .record(
    { unauthorizedDetails: fc.record({ reason: fc.nat(1) }, { requiredKeys: [] }), set: fc.array(fc.nat(27)) },
    { requiredKeys: [] },
  )
  .map(({ set = [], unauthorizedDetails }) => {
    const names = ResponseFlagsSchema.fields.map(({ localName }) => localName);
    const booleans = set.map((at) => [names[at]!, true]).filter(([name]) => name !== 'unauthorizedDetails');
    return Object.fromEntries([
      ...booleans,
      ...(unauthorizedDetails ? [['unauthorizedDetails', unauthorizedDetails]] : []),
    ]);
  });
const host = fc.oneof(fc.constantFrom('10.1.2.3', '2001:db8::7', ''), text);
const port = fc.oneof(
  fc.record({ case: fc.constant('portValue' as const), value: uint32 }),
  fc.record({ case: fc.constant('namedPort' as const), value: text }),
);
const address = fc.record(
  {
    address: fc.oneof(
      { weight: 1, arbitrary: fc.record({ case: fc.constant('pipe' as const), value: fc.record({ path: text }) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          case: fc.constant('socketAddress' as const),
          value: fc.record({ address: host, portSpecifier: port, ipv4Compat: fc.boolean() }, { requiredKeys: [] }),
        }),
      },
    ),
  },
  { requiredKeys: [] },
);
const alternativeName = fc.record(
  {
    san: fc.record({
      case: fc.constantFrom('uri' as const, 'uri' as const, 'dns' as const),
      value: fc.oneof(fc.constant('spiffe://shop.example/ns/shop/sa/web'), text),
    }),
  },
  { requiredKeys: [] },
);
const certificate = fc.record(
  { subjectAltName: fc.array(alternativeName, { maxLength: 3 }), subject: text },
  { requiredKeys: [] },
);
const tls = fc.record(
  { peerCertificateProperties: certificate, localCertificateProperties: certificate, tlsSniHostname: text },
  { requiredKeys: [] },
);

const headers = fc.dictionary(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        ':method',
        'traceparent',
        'b3',
        'x-b3-traceid',
        'x-forwarded-client-cert',
        'grpc-status',
      ),
    },
    text,
  ),
  fc.oneof(text, fc.constantFrom('PROPFIND', 'QUERY', 'propfind', '13')),
  { maxKeys: 5, noNullPrototype: true },
);

const common = fc.record(
  {
    sampleRate: fc.double(),
    upstreamRemoteAddress: address,
    downstreamRemoteAddress: address,
    downstreamLocalAddress: address,
    downstreamDirectRemoteAddress: address,
    tlsProperties: tls,
    startTime: duration,
    upstreamCluster: text,
    responseFlags: flags,
    metadata,
    duration,
    timeToLastRxByte: duration,
    timeToFirstUpstreamTxByte: duration,
    timeToFirstUpstreamRxByte: duration,
    streamId: text,
    customTags: fc.dictionary(text, text, { maxKeys: 2, noNullPrototype: true }),
    intermediateLogEntry: fc.boolean(),
    accessLogType: number,
  },
  { requiredKeys: [] },
);
const request = fc.record(
  {
    requestMethod: number,
    path: text,
    originalPath: text,
    authority: text,
    userAgent: text,
    requestId: text,
    port: uint32,
    requestHeadersBytes: uint64,
    requestBodyBytes: uint64,
    requestHeaders: headers,
  },
  { requiredKeys: [] },
);
const response = fc.record(
  {
    responseCode: uint32,
    responseHeadersBytes: uint64,
    responseBodyBytes: uint64,
    responseCodeDetails: text,
    responseHeaders: headers,
    responseTrailers: headers,
  },
  { requiredKeys: [] },
);

/** An entry with any of the fields that are read, and some that are not. */
export const entryBytes: fc.Arbitrary<Uint8Array> = fc
  .record({ commonProperties: common, request, response, protocolVersion: fc.nat(4) }, { requiredKeys: [] })
  .map((init) =>
    toBinary(
      HTTPAccessLogEntrySchema,
      create(HTTPAccessLogEntrySchema, init as MessageInitShape<typeof HTTPAccessLogEntrySchema>),
    ),
  );

const connection = fc.record({ receivedBytes: uint64, sentBytes: uint64 }, { requiredKeys: [] });

/** The same of a connection. */
export const tcpEntryBytes: fc.Arbitrary<Uint8Array> = fc
  .record({ commonProperties: common, connectionProperties: connection }, { requiredKeys: [] })
  .map((init) =>
    toBinary(
      TCPAccessLogEntrySchema,
      create(TCPAccessLogEntrySchema, init as MessageInitShape<typeof TCPAccessLogEntrySchema>),
    ),
  );
