import { create, toBinary } from '@bufbuild/protobuf';
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { HTTPAccessLogEntrySchema } from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';

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
    { weight: 3, arbitrary: fc.constantFrom('api', 'client_id', 'tier', 'outcome') },
    fc.constantFrom('policy', 'ap', ''),
  ),
  values,
  { maxKeys: 7, noNullPrototype: true },
) as fc.Arbitrary<JsonObject>;
const metadata = fc.record(
  {
    filterMetadata: fc.dictionary(
      fc.constantFrom('envoy.filters.http.ext_authz', 'envoy.filters.http.jwt_authn', 'envoy'),
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
const flags = fc.record(
  { noRouteFound: fc.boolean(), unauthorizedDetails: fc.record({ reason: fc.nat(1) }, { requiredKeys: [] }) },
  { requiredKeys: [] },
);
const address = fc.record(
  {
    address: fc.record({ case: fc.constant('pipe' as const), value: fc.record({ path: text }) }),
  },
  { requiredKeys: [] },
);

const common = fc.record(
  {
    sampleRate: fc.double(),
    upstreamRemoteAddress: address,
    downstreamRemoteAddress: address,
    upstreamCluster: text,
    responseFlags: flags,
    metadata,
    duration,
    timeToLastRxByte: duration,
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
    port: uint32,
    requestHeadersBytes: uint64,
    requestBodyBytes: uint64,
    requestHeaders: fc.dictionary(text, text, { maxKeys: 2, noNullPrototype: true }),
  },
  { requiredKeys: [] },
);
const response = fc.record(
  {
    responseCode: uint32,
    responseHeadersBytes: uint64,
    responseBodyBytes: uint64,
    responseCodeDetails: text,
    responseTrailers: fc.dictionary(text, text, { maxKeys: 2, noNullPrototype: true }),
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
