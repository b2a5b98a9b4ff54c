import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, Message } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HTTPAccessLogEntrySchema, TCPAccessLogEntrySchema } from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { Entry } from '../../src/analytics/entry.ts';
import { readEntry, readTcpEntry } from '../../src/analytics/read-entry.ts';
import { MalformedCheck, ProtoReader } from '../../src/envoy/proto-reader.ts';
import { keepsTheRules, scramble } from '../envoy/wire-records.ts';
import { entryBytes, tcpEntryBytes } from './entry.arbitrary.ts';
import { expected, expectedOfTcp, pick } from './expected-entry.ts';

/** What another entry has left must not be seen. */
const before = create(HTTPAccessLogEntrySchema, {
  commonProperties: {
    upstreamRemoteAddress: { address: { case: 'socketAddress', value: { address: 'before' } } },
    metadata: { filterMetadata: { 'envoy.filters.http.ext_authz': { api: 'before', ext_authz_duration: 1 } } },
    responseFlags: { noRouteFound: true },
    duration: { nanos: 1 },
  },
  request: { requestMethod: 3, path: '/before', requestHeaders: { b3: 'before' }, requestBodyBytes: 1n },
  response: { responseCode: 1, responseTrailers: { 'grpc-status': '1' } },
});
const beforeBytes = toBinary(HTTPAccessLogEntrySchema, before);

function read(bytes: Uint8Array, isTcp = false): Entry | MalformedCheck {
  const buffer = Buffer.concat([beforeBytes, bytes]);
  const entry = new Entry(buffer);
  const reader = new ProtoReader(buffer);
  readEntry(reader, beforeBytes.length, entry);
  entry.clear(isTcp);
  try {
    if (isTcp) readTcpEntry(reader, buffer.length, entry);
    else readEntry(reader, buffer.length, entry);
    return entry;
  } catch (error) {
    if (error instanceof MalformedCheck) return error;
    throw error;
  }
}

function decode<M extends Message>(type: GenMessage<M>, bytes: Uint8Array): M | undefined {
  try {
    return fromBinary(type, bytes);
  } catch {
    return undefined;
  }
}

/** Where protobuf-es decodes and the rules are kept, we read the same; nothing but MalformedCheck is ever thrown. */
function expectAgreement(bytes: Uint8Array): void {
  agree(read(bytes), decode(HTTPAccessLogEntrySchema, bytes), HTTPAccessLogEntrySchema, bytes, expected);
}

function expectTcpAgreement(bytes: Uint8Array): void {
  agree(read(bytes, true), decode(TCPAccessLogEntrySchema, bytes), TCPAccessLogEntrySchema, bytes, expectedOfTcp);
}

function agree<M>(
  entry: Entry | MalformedCheck,
  message: M | undefined,
  type: DescMessage,
  bytes: Uint8Array,
  toExpected: (message: M) => object,
): void {
  if (message === undefined || !keepsTheRules(type, bytes)) {
    if (entry instanceof Entry) pick(entry);
  } else if (entry instanceof MalformedCheck) {
    throw entry;
  } else {
    expect(pick(entry)).toEqual(toExpected(message));
  }
}

const kinds = [
  { kind: 'a request', entries: entryBytes, type: HTTPAccessLogEntrySchema, expectSame: expectAgreement },
  { kind: 'a connection', entries: tcpEntryBytes, type: TCPAccessLogEntrySchema, expectSame: expectTcpAgreement },
];

describe.each(kinds)('an entry about $kind', ({ entries, type, expectSame }) => {
  test('is read as protobuf-es reads it', () => {
    fc.assert(fc.property(entries, expectSame), { numRuns: 2000 });
  });

  test('is read as protobuf-es reads it where its fields are reordered, repeated and mixed with unknown ones', () => {
    const choices = fc.infiniteStream(fc.nat(0xffff));
    const scrambled = fc.tuple(entries, choices).map(([bytes, stream]) => scramble(type, bytes, stream));
    fc.assert(fc.property(scrambled, expectSame), { numRuns: 1500 });
  });

  test('is merged with another as protobuf-es merges them', () => {
    const both = fc.tuple(entries, entries).map((each) => Buffer.concat(each));
    fc.assert(fc.property(both, expectSame), { numRuns: 1000 });
  });

  test('gives with flipped bits the same values, or MalformedCheck, or text that protobuf-es refuses', () => {
    const flips = fc.array(fc.tuple(fc.nat(0xffff), fc.nat(7)), { minLength: 1, maxLength: 3 });
    const property = fc.property(entries, flips, (bytes, places) => {
      const flipped = Uint8Array.from(bytes);
      if (flipped.length === 0) return;
      for (const [place, bit] of places) flipped[place % flipped.length]! ^= 1 << bit;
      expectSame(flipped);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  test('never does more than throw MalformedCheck where the bytes are none', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectSame), { numRuns: 3000 });
  });
});
