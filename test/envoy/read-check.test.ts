import { create, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import type { HeaderValueSchema } from '../../gen/envoy/config/core/v3/base_pb.js';
import type { AttributeContext_HttpRequestSchema } from '../../gen/envoy/service/auth/v3/attribute_context_pb.js';
import { CheckRequestSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { MalformedCheck, readCheck } from '../../src/envoy/read-check.ts';
import type { Check } from '../../src/request/check.ts';
import { lengthsOf } from './lengths.ts';

function withHttp(http: MessageInitShape<typeof AttributeContext_HttpRequestSchema>): Uint8Array {
  return toBinary(CheckRequestSchema, create(CheckRequestSchema, { attributes: { request: { http } } }));
}

function withRaw(...headers: MessageInitShape<typeof HeaderValueSchema>[]): Uint8Array {
  return withHttp({ headerMap: { headers } });
}

interface Origin {
  readonly id: string;
  readonly seconds: bigint;
  readonly nanos: number;
  readonly address: string;
  readonly port: number;
}

function withOrigin({ id, seconds, nanos, address, port }: Origin): Uint8Array {
  const portSpecifier = { case: 'portValue' as const, value: port };
  const source = { address: { address: { case: 'socketAddress' as const, value: { address, portSpecifier } } } };
  const attributes = { source, request: { time: { seconds, nanos }, http: { id } } };
  return toBinary(CheckRequestSchema, create(CheckRequestSchema, { attributes }));
}

/** The message with `from` replaced by as many bytes `to`. */
function patched(message: Uint8Array, from: string, to: readonly number[]): Uint8Array {
  const bytes = Buffer.from(message);
  bytes.set(to, bytes.indexOf(from));
  return bytes;
}

test('an empty message is a Check that is not HTTP and has nothing in it', () => {
  const check = readCheck(new Uint8Array());
  expect(check.isHttp).toBe(false);
  expect([check.method, check.path, check.host, check.streamId, check.requestTime]).toEqual(['', '', '', '', '']);
  expect([check.sourceAddress, check.sourcePort, check.sourcePrincipal]).toEqual(['', 0, '']);
  expect(check.headerNames()).toEqual([]);
  expect(check.header('authorization')).toBeUndefined();
});

test('a request without `http`, as a TCP filter sends it, is not HTTP', () => {
  const bytes = toBinary(CheckRequestSchema, create(CheckRequestSchema, { attributes: { request: {} } }));
  expect(readCheck(bytes).isHttp).toBe(false);
  expect(readCheck(withHttp({})).isHttp).toBe(true);
});

test('headers are found by their lower-case name whatever case they were sent in', () => {
  const check = readCheck(withHttp({ headers: { 'X-Tenant': 'a', ':path': '/b' } }));
  expect(check.header('x-tenant')).toBe('a');
  expect(check.header(':path')).toBe('/b');
  expect(check.headerNames().toSorted()).toEqual([':path', 'x-tenant']);
});

test('the Kelvin sign is no k', () => {
  const check = readCheck(withRaw({ key: 'to\u212Aen', value: 'a' }, { key: 'TOKEN', value: 'b' }));
  expect(check.header('token')).toBe('b');
  expect(check.headerNames()).toEqual(['to\u212Aen', 'token']);
});

test('raw headers that are repeated are joined by a comma, in their order', () => {
  const check = readCheck(
    withRaw(
      { key: 'authorization', rawValue: Buffer.from('Bearer a') },
      { key: 'x', rawValue: Buffer.from('1') },
      { key: 'authorization', rawValue: Buffer.from('Bearer b') },
    ),
  );
  expect(check.header('authorization')).toBe('Bearer a,Bearer b');
  expect(check.headerNames()).toEqual(['authorization', 'x']);
});

test('a raw value goes before a value, and an empty one does not', () => {
  const check = readCheck(
    withRaw(
      { key: 'a', value: 'text', rawValue: Buffer.from('raw') },
      { key: 'b', value: 'text', rawValue: Buffer.of() },
    ),
  );
  expect([check.header('a'), check.header('b')]).toEqual(['raw', 'text']);
});

test('a message that fills both forms of headers is malformed', () => {
  const both = { headers: { a: '1' }, headerMap: { headers: [{ key: 'a', value: '2' }] } };
  expect(() => readCheck(withHttp(both))).toThrow(MalformedCheck);
  expect(readCheck(withHttp({ headers: { a: '1' }, headerMap: {} })).header('a')).toBe('1');
});

test('text that is not UTF-8 is read with U+FFFD', () => {
  expect(readCheck(patched(withHttp({ headers: { client: 'a??z' } }), '??', [0xff, 0xfe])).header('client')).toBe(
    'a\uFFFD\uFFFDz',
  );
  expect(readCheck(withRaw({ key: 'a', rawValue: Uint8Array.of(0xc3) })).header('a')).toBe('\uFFFD');
  expect(readCheck(patched(withHttp({ path: '/??' }), '??', [0xc0, 0xaf])).path).toBe('/\uFFFD\uFFFD');
});

test('a byte-order mark is text', () => {
  expect(readCheck(withHttp({ headers: { a: '\uFEFFb' } })).header('a')).toBe('\uFEFFb');
});

test('names such as __proto__ are names', () => {
  const check = readCheck(withHttp({ headers: JSON.parse('{"__proto__": "a", "constructor": "b"}') }));
  expect([check.header('__proto__'), check.header('constructor'), check.header('tostring')]).toEqual([
    'a',
    'b',
    undefined,
  ]);
  expect(check.headerNamesWithSigns(lengthsOf(['__proto__']))).toEqual(['__proto__']);
  expect(check.headerNamesWithSigns(lengthsOf(['12345678', '1234567890']))).toEqual([]);
  expect(check.contextExtension('__proto__')).toBeUndefined();
});

test('headers are those of their own message, whatever is read before and after', () => {
  const both = withHttp({ headers: { client_id: 'mallory' }, headerMap: { headers: [{ key: 'x', value: 'y' }] } });
  expect(() => readCheck(both)).toThrow(MalformedCheck);
  const empty = readCheck(withHttp({}));
  const first = readCheck(withHttp({ headers: { client_id: 'alice' } }));
  readCheck(withRaw({ key: 'client_id', value: 'bob' }, { key: 'other', value: 'c' }));
  expect(empty.headerNames()).toEqual([]);
  expect([first.header('client_id'), first.headerNames()]).toEqual(['alice', ['client_id']]);
});

test('10,000 headers are read and searched', () => {
  const headers = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`x_header-${i}`, `${i}`]));
  const bytes = withHttp({ headers });
  const check = readCheck(bytes);
  expect(check.headerNames()).toHaveLength(10_000);
  expect(check.headerNamesWithSigns(lengthsOf(check.headerNames()))).toHaveLength(10_000);
  for (let i = 0; i < 100; i++) expect(check.header('x_header-0')).toBe('0');
});

test('8 MB of body are passed over', () => {
  const check = readCheck(withHttp({ path: '/a', rawBody: new Uint8Array(8 << 20), headers: { a: 'b' } }));
  expect([check.path, check.header('a')]).toEqual(['/a', 'b']);
});

test.each([
  ['a cut-off length', [0x0a, 0x80]],
  ['a length beyond the message', [0x0a, 0x05, 0x22]],
  ['a message that reaches past the one that holds it', [0x0a, 0x04, 0x22, 0x04, 0x12, 0x00, 0x0a, 0x00]],
  ['field number 0', [0x02, 0x00]],
  ['a field number beyond 29 bits', [0xfa, 0xff, 0xff, 0xff, 0x7f, 0x00]],
  ['wire type 6', [0x0e, 0x00]],
  ['the end of a group that has not begun', [0x7c]],
  ['a group without an end', [0x7b, 0x08, 0x01]],
  ['a group that ends as another', [0x7b, 0x74]],
  ['a number of eleven bytes', [0x78, ...Array.from({ length: 10 }, () => 0xff), 0x01]],
  ['101 nested groups', Array.from({ length: 202 }, (_, i) => (i < 101 ? 0x7b : 0x7c))],
])('%s is malformed', (_, bytes) => {
  expect(() => readCheck(Uint8Array.from(bytes))).toThrow(MalformedCheck);
});

test('100 nested groups are passed over', () => {
  const groups = Uint8Array.from({ length: 200 }, (_, i) => (i < 100 ? 0x7b : 0x7c));
  expect(readCheck(Buffer.concat([groups, withHttp({ path: '/a' })])).path).toBe('/a');
});

test('a known field of another wire type is passed over like an unknown one', () => {
  const asVarint = Uint8Array.of(0x0a, 0x06, 0x22, 0x04, 0x12, 0x02, 0x20, 0x07);
  expect(readCheck(Buffer.concat([asVarint, withHttp({ host: 'a' })])).path).toBe('');
  expect(readCheck(Buffer.concat([asVarint, withHttp({ path: '/b' })])).path).toBe('/b');
});

test('the last member of a oneof is the address', () => {
  const socket = {
    case: 'socketAddress' as const,
    value: { address: '10.0.0.1', portSpecifier: { case: 'portValue' as const, value: 80 } },
  };
  const pipe = { case: 'pipe' as const, value: { path: '/run/a' } };
  const from = (address: typeof socket | typeof pipe) =>
    toBinary(CheckRequestSchema, create(CheckRequestSchema, { attributes: { source: { address: { address } } } }));
  const last = (...parts: Uint8Array[]) => {
    const { sourceAddress, sourcePort } = readCheck(Buffer.concat(parts));
    return [sourceAddress, sourcePort];
  };
  expect(last(from(socket))).toEqual(['10.0.0.1', 80]);
  expect(last(from(socket), from(pipe))).toEqual(['', 0]);
  expect(last(from(pipe), from(socket))).toEqual(['10.0.0.1', 80]);
});

test('a Check that is sent again writes the same origin, and one that differs in anything Envoy gave it another', () => {
  const write = (check: Check, room = 112): string | undefined => {
    const target = Buffer.alloc(300);
    const length = check.writeOrigin(target, 20, room);
    return length === 0 ? undefined : target.toString('latin1', 20, 20 + length);
  };
  const sent: Origin = { id: '301668583215567008', seconds: 1_790_000_000n, nanos: 5, address: '10.0.0.1', port: 4711 };
  const origin = (more: Partial<Origin>): string | undefined => write(readCheck(withOrigin({ ...sent, ...more })));
  expect(origin({})).toBe(origin({}));
  const others = [
    { id: '301668583215567009' },
    { id: '30166858321556700' },
    { seconds: 1_790_000_001n },
    { seconds: 0n },
    { nanos: 6 },
    { nanos: 0x0500 },
    { address: '10.0.0.2' },
    { address: '10.0.0.11' },
    { port: 4712 },
    { port: 4711 + 256 },
  ].map((more) => origin(more));
  expect(new Set([...others, origin({})]).size).toBe(11);
  for (const lacking of [{ id: '' }, { address: '' }, { port: 0 }]) expect(origin(lacking)).toBeUndefined();
  expect(write(readCheck(withHttp({ id: '1' })))).toBeUndefined();
  expect(origin({ id: '1'.repeat(100) })).toBeUndefined();
  expect(origin({ id: '1'.repeat(300) })).toBeUndefined();
  expect(write(readCheck(withOrigin(sent)), 40)).toBeUndefined();
});
