import { fromBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CheckRequestSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { CheckRequest } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { MalformedCheck, readCheck } from '../../src/envoy/read-check.ts';
import type { Check } from '../../src/request/check.ts';
import { checkRequestBytes } from './check-request.arbitrary.ts';
import { HeaderNamesMeant } from '../../src/request/header-names-meant.ts';
import { keepsTheRules, scramble } from './wire-records.ts';
import { lengthsOf, lower } from './lengths.ts';

function read(bytes: Uint8Array): Check | MalformedCheck {
  try {
    return readCheck(bytes);
  } catch (error) {
    if (error instanceof MalformedCheck) return error;
    throw error;
  }
}

function decode(bytes: Uint8Array): CheckRequest | undefined {
  try {
    return fromBinary(CheckRequestSchema, bytes);
  } catch {
    return undefined;
  }
}

/** Pairs in order; of a raw header `raw_value` goes before `value`. */
function headersOf(message: CheckRequest): { raw: boolean; pairs: [string, string][] } {
  const http = message.attributes?.request?.http;
  const raw = http?.headerMap?.headers ?? [];
  if (raw.length === 0) return { raw: false, pairs: Object.entries(http?.headers ?? {}) };
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    raw: true,
    pairs: raw.map(({ key, value, rawValue }) => [key, rawValue.length > 0 ? decoder.decode(rawValue) : value]),
  };
}

function expectSame(check: Check, message: CheckRequest): void {
  const { source, request, contextExtensions = {} } = message.attributes ?? {};
  const http = request?.http;
  const address = source?.address?.address.case === 'socketAddress' ? source.address.address.value : undefined;
  for (const name of ['method', 'path', 'host', 'protocol'] as const) expect(check[name]).toBe(http?.[name] ?? '');
  const { sourcePrincipal, sourceCertificate } = check;
  expect([sourcePrincipal, sourceCertificate]).toEqual([source?.principal ?? '', source?.certificate ?? '']);
  expect({
    isHttp: check.isHttp,
    streamId: check.streamId,
    requestTime: check.requestTime,
    sourceAddress: check.sourceAddress,
    sourcePort: check.sourcePort,
    rawBody: Buffer.from(check.rawBody ?? []).toString('hex'),
    hasTextBody: check.hasTextBody,
  }).toEqual({
    isHttp: http !== undefined,
    streamId: http?.id ?? '',
    requestTime: request?.time === undefined ? '' : `${request.time.seconds}.${request.time.nanos}`,
    sourceAddress: address?.address ?? '',
    sourcePort: address?.portSpecifier.case === 'portValue' ? address.portSpecifier.value : 0,
    rawBody: Buffer.from(http?.rawBody ?? []).toString('hex'),
    hasTextBody: (http?.body ?? '') !== '',
  });
  for (const [name, value] of Object.entries(contextExtensions)) expect(check.contextExtension(name)).toBe(value);
  expect(check.contextExtension('no such extension')).toBeUndefined();
  expectSameHeaders(check, message);
}

function expectSameHeaders(check: Check, message: CheckRequest): void {
  const { raw, pairs } = headersOf(message);
  const names = [...new Set(pairs.map(([name]) => lower(name)))];
  if (raw) expect(check.headerNames()).toEqual(names);
  else expect(check.headerNames().toSorted()).toEqual(names.toSorted());
  const underscored = check
    .headerNames()
    .filter((name) => isAscii(name) && name.includes('_') && !name.startsWith(':'));
  expect(check.headerNamesWithSigns(lengthsOf(underscored))).toEqual(expect.arrayContaining(underscored));
  expect(check.headerNamesMeant(new HeaderNamesMeant(() => true)).toSorted()).toEqual(names.toSorted());
  for (const name of names) {
    const values = pairs.filter(([key]) => lower(key) === name).map(([, value]) => value);
    // protobuf-es forgets which of two keys that differ in case alone came last.
    if (!isAscii(name)) continue;
    const value = check.header(name);
    expect(raw ? [values.join(',')] : values).toContain(value);
    // A raw value need not be UTF-8: the string has U+FFFD there.
    if (value?.includes('\uFFFD') === false) expectSamePieces(check, name, value, values.length > 1 && raw);
  }
  expect(check.header('no-such-header')).toBeUndefined();
}

/** What is compared in place agrees with the string. */
function expectSamePieces(check: Check, name: string, value: string, isJoined: boolean): void {
  const bytes = Buffer.from(value);
  expect(check.headerEquals(name, bytes)).toBe(!isJoined);
  expect(check.headerEquals(name, Buffer.from(`${value}x`))).toBe(false);
  expect(check.headerEquals(name, Buffer.from(`${value.slice(0, -1)}\0`))).toBe(!isJoined && value.endsWith('\0'));
  expect(check.headerTail(name, bytes.length)).toBeUndefined();
  const tail = bytes.length < 2 || isJoined ? undefined : bytes.subarray(-1).toString('latin1');
  expect(check.headerTail(name, 1)).toBe(tail);
}

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

/** Where protobuf-es decodes and the rules are kept, we read the same; nothing but MalformedCheck is ever thrown. */
function expectAgreement(bytes: Uint8Array): void {
  const check = read(bytes);
  const message = decode(bytes);
  if (message === undefined || !keepsTheRules(CheckRequestSchema, bytes)) {
    if (!(check instanceof MalformedCheck)) readEverything(check);
    return;
  }
  const http = message.attributes?.request?.http;
  if (Object.keys(http?.headers ?? {}).length > 0 && (http?.headerMap?.headers.length ?? 0) > 0) {
    expect(check).toBeInstanceOf(MalformedCheck);
  } else if (check instanceof MalformedCheck) {
    throw check;
  } else {
    expectSame(check, message);
  }
}

function readEverything(check: Check): void {
  const { isHttp, method, path, host, streamId, requestTime, sourceAddress, sourcePort, sourcePrincipal } = check;
  const all = [isHttp, method, path, host, streamId, requestTime, sourceAddress, sourcePort, sourcePrincipal];
  expect(all).not.toContain(undefined);
  expect(check.headerNames().map((name) => check.header(name))).not.toContain(null);
  expect(check.headerNamesWithSigns(new Uint8Array(21).fill(1)).length).toBeLessThanOrEqual(check.headerNames().length);
  expect(check.contextExtension('ostiary.api')).toSatisfy((value) => value === undefined || typeof value === 'string');
}

const choices = fc.infiniteStream(fc.nat(0xffff));

test('any CheckRequest is read as protobuf-es reads it', () => {
  fc.assert(fc.property(checkRequestBytes, expectAgreement), { numRuns: 1500 });
});

test('a message whose fields are reordered, repeated and mixed with unknown ones is read as protobuf-es reads it', () => {
  const scrambled = fc
    .tuple(checkRequestBytes, choices)
    .map(([bytes, stream]) => scramble(CheckRequestSchema, bytes, stream));
  fc.assert(fc.property(scrambled, expectAgreement), { numRuns: 1500 });
});

test('two messages one after the other are merged as protobuf-es merges them', () => {
  const both = fc.tuple(checkRequestBytes, checkRequestBytes).map((messages) => Buffer.concat(messages));
  fc.assert(fc.property(both, expectAgreement), { numRuns: 1000 });
});

test('flipped bits give the same values, or MalformedCheck, or text that protobuf-es refuses', () => {
  const flips = fc.array(fc.tuple(fc.nat(0xffff), fc.nat(7)), { minLength: 1, maxLength: 3 });
  const property = fc.property(checkRequestBytes, flips, (bytes, places) => {
    const flipped = Uint8Array.from(bytes);
    if (flipped.length === 0) return;
    for (const [place, bit] of places) flipped[place % flipped.length]! ^= 1 << bit;
    expectAgreement(flipped);
  });
  fc.assert(property, { numRuns: 3000 });
});

test('a message that is cut off anywhere is malformed', () => {
  const property = fc.property(checkRequestBytes, fc.nat(0xffff), (bytes, place) => {
    const cut = bytes.subarray(0, bytes.length === 0 ? 0 : place % bytes.length);
    if (cut.length > 0) expect(read(cut)).toBeInstanceOf(MalformedCheck);
    expectAgreement(cut);
  });
  fc.assert(property, { numRuns: 1000 });
});

test('bytes that are no message at all never do more than throw MalformedCheck', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectAgreement), { numRuns: 5000 });
});

/** A number in as many bytes as asked for: more than it needs are allowed, and no encoder writes them. */
function varint(value: number, length: number): number[] {
  return Array.from({ length }, (_, i) => (Math.floor(value / 128 ** i) & 0x7f) | (i < length - 1 ? 0x80 : 0));
}

function field(tag: number, body: readonly number[], lengthBytes: number): number[] {
  return [tag, ...varint(body.length, lengthBytes), ...body];
}

test('whatever lengths are written with more bytes than they need', () => {
  const lengthBytes = fc.integer({ min: 3, max: 5 });
  const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constant('x'.repeat(16_384)));
  const header = fc.record({
    key: fc.constantFrom('client_id', 'x'),
    value: text,
    more: fc.option(text),
    lengths: fc.array(fc.constantFrom(1, 2, 3, 4, 5), { minLength: 4, maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(header, { maxLength: 3 }), fc.boolean(), lengthBytes, (headers, raw, outer) => {
      const entries = headers.flatMap(({ key, value, more, lengths }) => {
        const part = (tag: number, of: string, at: number): number[] => {
          const body = [...Buffer.from(of)];
          return field(tag, body, Math.max(lengths[at] ?? 1, body.length > 16_383 ? 3 : body.length > 127 ? 2 : 1));
        };
        const tag = raw ? 0x1a : 0x12;
        const entry = [...part(0x0a, key, 0), ...part(tag, value, 1), ...(more === null ? [] : part(tag, more, 2))];
        return field(raw ? 0x0a : 0x1a, entry, Math.max(lengths[3] ?? 1, 3));
      });
      const http = raw ? field(0x6a, entries, outer) : entries;
      const bytes = Uint8Array.from(field(0x0a, field(0x22, field(0x12, http, outer), outer), outer));
      const message = decode(bytes);
      expect(message).toBeDefined();
      expectSame(read(bytes) as Check, message as CheckRequest);
    }),
    { numRuns: 300 },
  );
});

test('a length of three bytes whose first two look like another', () => {
  // 81 80 00 is 1; read as two bytes it would be 1 too, with the 00 as the value's first byte.
  const remaining = 0x4000 - 2 - 3;
  const rest = [0x00, 0x41, 0x12, ...varint(remaining + 1, 2), ...Array.from({ length: remaining + 1 }, () => 0x42)];
  const entry = [0x0a, 9, ...Buffer.from('client_id'), 0x12, 0x81, 0x80, ...rest];
  const bytes = Uint8Array.from(field(0x0a, field(0x22, field(0x12, field(0x1a, entry, 3), 3), 3), 3));
  expectSame(read(bytes) as Check, decode(bytes) as CheckRequest);
});
