import { fromBinary } from '@bufbuild/protobuf';
import type { JsonObject } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HTTPAccessLogEntrySchema } from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import type { HTTPAccessLogEntry } from '../../gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { Entry } from '../../src/analytics/entry.ts';
import { readEntry } from '../../src/analytics/read-entry.ts';
import { MalformedCheck, ProtoReader } from '../../src/envoy/proto-reader.ts';
import { keepsTheRules, scramble } from '../envoy/wire-records.ts';
import { entryBytes } from './entry.arbitrary.ts';

function read(bytes: Uint8Array): Entry | MalformedCheck {
  const buffer = Buffer.from(bytes);
  const entry = new Entry(buffer);
  try {
    readEntry(new ProtoReader(buffer), buffer.length, entry);
    return entry;
  } catch (error) {
    if (error instanceof MalformedCheck) return error;
    throw error;
  }
}

function decode(bytes: Uint8Array): HTTPAccessLogEntry | undefined {
  try {
    return fromBinary(HTTPAccessLogEntrySchema, bytes);
  } catch {
    return undefined;
  }
}

const FIELDS = [
  ...(['type', 'isIntermediate', 'hasDuration', 'seconds', 'nanos', 'hasUpstream', 'isUnauthorized'] as const),
  ...(['method', 'status', 'requestHeaderBytes', 'requestBodyBytes', 'responseHeaderBytes'] as const),
  ...(['responseBodyBytes', 'details', 'decision', 'api', 'clientId', 'tier'] as const),
];

function pick(entry: Entry): object {
  return Object.fromEntries(FIELDS.map((name) => [name, entry[name]]));
}

function expected({ commonProperties: common, request, response }: HTTPAccessLogEntry): object {
  const ours: JsonObject = common?.metadata?.filterMetadata['envoy.filters.http.ext_authz'] ?? {};
  const told = (name: string): string => {
    const value = Object.hasOwn(ours, name) ? ours[name] : '';
    return typeof value === 'string' ? value : '';
  };
  const seconds = Number(BigInt.asUintN(64, common?.duration?.seconds ?? 0n));
  return {
    type: common?.accessLogType ?? 0,
    isIntermediate: common?.intermediateLogEntry ?? false,
    hasDuration: common?.duration !== undefined,
    seconds: seconds >= 2 ** 63 ? -1 : seconds,
    nanos: common?.duration?.nanos ?? 0,
    hasUpstream: common?.upstreamRemoteAddress !== undefined,
    isUnauthorized: common?.responseFlags?.unauthorizedDetails !== undefined,
    method: request?.requestMethod ?? 0,
    status: response?.responseCode ?? 0,
    requestHeaderBytes: Number(request?.requestHeadersBytes ?? 0n),
    requestBodyBytes: Number(request?.requestBodyBytes ?? 0n),
    responseHeaderBytes: Number(response?.responseHeadersBytes ?? 0n),
    responseBodyBytes: Number(response?.responseBodyBytes ?? 0n),
    details: response?.responseCodeDetails ?? '',
    decision: told('outcome'),
    api: told('api'),
    clientId: told('client_id'),
    tier: told('tier'),
  };
}

/** Where protobuf-es decodes and the rules are kept, we read the same; nothing but MalformedCheck is ever thrown. */
function expectAgreement(bytes: Uint8Array): void {
  const entry = read(bytes);
  const message = decode(bytes);
  if (message === undefined || !keepsTheRules(HTTPAccessLogEntrySchema, bytes)) {
    if (entry instanceof Entry) pick(entry);
  } else if (entry instanceof MalformedCheck) {
    throw entry;
  } else {
    expect(pick(entry)).toEqual(expected(message));
  }
}

test('any entry is read as protobuf-es reads it', () => {
  fc.assert(fc.property(entryBytes, expectAgreement), { numRuns: 2000 });
});

test('an entry whose fields are reordered, repeated and mixed with unknown ones is read as protobuf-es reads it', () => {
  const choices = fc.infiniteStream(fc.nat(0xffff));
  const scrambled = fc
    .tuple(entryBytes, choices)
    .map(([bytes, stream]) => scramble(HTTPAccessLogEntrySchema, bytes, stream));
  fc.assert(fc.property(scrambled, expectAgreement), { numRuns: 1500 });
});

test('two entries one after the other are merged as protobuf-es merges them', () => {
  const both = fc.tuple(entryBytes, entryBytes).map((entries) => Buffer.concat(entries));
  fc.assert(fc.property(both, expectAgreement), { numRuns: 1000 });
});

test('flipped bits give the same values, or MalformedCheck, or text that protobuf-es refuses', () => {
  const flips = fc.array(fc.tuple(fc.nat(0xffff), fc.nat(7)), { minLength: 1, maxLength: 3 });
  const property = fc.property(entryBytes, flips, (bytes, places) => {
    const flipped = Uint8Array.from(bytes);
    if (flipped.length === 0) return;
    for (const [place, bit] of places) flipped[place % flipped.length]! ^= 1 << bit;
    expectAgreement(flipped);
  });
  fc.assert(property, { numRuns: 3000 });
});

test('bytes that are no entry never do more than throw MalformedCheck', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectAgreement), { numRuns: 3000 });
});
