import { duplexPair } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { Code } from '../../src/grpc/rpc.ts';
import type { Method } from '../../src/grpc/rpc.ts';
import { Connection } from '../../src/http2/connection.ts';
import { ErrorCode } from '../../src/http2/error-code.ts';
import { Flag, FrameType } from '../../src/http2/frame.ts';
import { grpcApplication } from '../../src/http2/grpc/application.ts';
import { HpackDecoder } from '../../src/http2/hpack/decoder.ts';
import { DEFAULT_LIMITS } from '../../src/http2/limits.ts';
import { Sender } from '../../src/http2/sender.ts';
import { zeroCounters } from '../../src/http2/transport-events.ts';
import type { AbuseKind } from '../../src/http2/transport-events.ts';
import { grpcStatus } from './grpc-status.ts';
import {
  block,
  data,
  frame,
  headers,
  ids,
  message,
  PREFACE,
  RawHttp2Client,
  requestFields,
  settings,
  windowUpdate,
} from './raw-client.ts';
import { echo, ECHO_PATH, serve } from './serving.ts';

/** The name that a table keeps, and then many fields that say it by its index, with no value: three octets each. */
function namesByIndex(name: string): { keep: Buffer; fields: Buffer } {
  const keep = block({ [name]: '' });
  keep[0] = 0x40;
  return { keep, fields: Buffer.from(Array.from({ length: 5000 }, () => [0x0f, 62 - 15, 0]).flat()) };
}

function decodingMicroseconds(name: string): number {
  const { keep, fields } = namesByIndex(name);
  let total = 0;
  for (let round = 0; round < 15; round++) {
    const decoder = new HpackDecoder(4096);
    const sink = { field() {} };
    decoder.decode(keep, 0, keep.length, sink);
    const before = process.cpuUsage();
    for (let i = 0; i < 4; i++) decoder.decode(fields, 0, fields.length, sink);
    total += process.cpuUsage(before).user;
  }
  return total;
}

describe('a peer that makes us work or write for nothing', () => {
  it('pays for a long name once, not each time its index stands for it', () => {
    decodingMicroseconds('short');
    const short = decodingMicroseconds('short');
    // Judging the name each time takes some forty times as long.
    expect(decodingMicroseconds('n'.repeat(4000))).toBeLessThan(8 * short + 50_000);
  });

  it.each([
    ['method', { ':path': `/${'%'.repeat(3800)}` }],
    ['grpc-encoding', { 'grpc-encoding': '%'.repeat(3800) }],
  ])('hears its unknown %s back in a few words', async (_what, fields) => {
    const { port } = await serve([echo]);
    const client = await RawHttp2Client.open(port);
    client.send(frame(FrameType.headers, 5, 1, block({ ...requestFields(ECHO_PATH), ...fields })));
    expect((await client.frameOf(FrameType.headers, 1))?.payload.length).toBeLessThan(600);
    client.close();
  });

  it('is refused compressed messages unless they are asked for', async () => {
    const { port } = await serve([echo]);
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, ECHO_PATH, Flag.endHeaders, { 'grpc-encoding': 'gzip' }));
    client.send(data(1, message(gzipSync(Buffer.from('x')), 1)));
    expect(await grpcStatus(client, 1)).toBe(Code.unimplemented);
    client.close();
  });

  it('may not have empty messages unpacked without end', async () => {
    const sink: Method = {
      kind: 'bidirectional',
      path: '/test.Sink/Bidi',
      async *handle(requests) {
        for await (const request of requests) if (request.length > 0) yield request;
      },
    };
    const inflatedBytes = { burst: 1_000_000, perSecond: 1000, perAnswer: 0 };
    const { port, abuse } = await serve([sink], { inflatedBytes }, { gzip: true });
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, sink.path, Flag.endHeaders, { 'grpc-encoding': 'gzip' }));
    const empty = message(gzipSync(Buffer.alloc(0)), 1);
    client.send(data(1, Buffer.concat(Array.from({ length: 500 }, () => empty))));
    expect(await grpcStatus(client, 1)).toBe(Code.resourceExhausted);
    expect(abuse).toContain('inflation_flood');
    client.close();
  });

  it('moves no stream by a WINDOW_UPDATE of a connection whose window is open', async () => {
    const pumped = vi.spyOn(Sender.prototype, 'pumpAll');
    const { port } = await serve([echo]);
    const client = await RawHttp2Client.open(port);
    const updates = Array.from({ length: 100 }, () => windowUpdate(0, 1));
    client.send(...updates, headers(1, ECHO_PATH), data(1, message(Buffer.alloc(1))));
    await client.frameOf(FrameType.data, 1);
    // Once for SETTINGS.
    expect(pumped).toHaveBeenCalledTimes(1);
    pumped.mockRestore();
    client.close();
  });

  it('is cut off when it reads nothing of an answer, however small', async () => {
    const [ours, theirs] = duplexPair();
    const abuse: AbuseKind[] = [];
    let nowMs = 0;
    const answer = Buffer.alloc(60_000);
    const methods: Method[] = [{ kind: 'unary', path: ECHO_PATH, handle: () => answer }];
    const connection = new Connection(theirs, grpcApplication({ methods, maxMessageBytes: 1000 }, DEFAULT_LIMITS), {
      limits: DEFAULT_LIMITS,
      observer: { counters: zeroCounters(), onAbuse: (kind) => abuse.push(kind), onInternalError() {} },
      now: () => nowMs,
    });
    ours.write(Buffer.concat([PREFACE, settings(), windowUpdate(0, 2 ** 20)]));
    for (const id of ids(3)) ours.write(Buffer.concat([headers(id, ECHO_PATH), data(id, message(Buffer.alloc(1)))]));
    for (let i = 0; i < 4; i++) await new Promise(setImmediate);
    // All of it has been given to the socket.
    expect(connection.streams.open.size).toBe(0);
    expect(theirs.writableLength).toBeGreaterThan(0);
    for (; nowMs <= 35_000; nowMs += 1000) connection.sweep();
    expect(abuse).toEqual(['stalled_reader']);
    ours.destroy();
    theirs.destroy();
  });
});

describe('a request that says what it may not', () => {
  const fields = requestFields(ECHO_PATH);
  const { ':path': path, ...withoutPath } = fields;
  it.each<[string, Record<string, string>]>([
    ['NUL in a value', { ...fields, x: 'a\0b' }],
    ['CR in a value', { ...fields, x: 'a\rb' }],
    ['LF in a value', { ...fields, x: 'a\nb' }],
    ['a value that begins with a space', { ...fields, x: ' a' }],
    ['a value that ends with a tab', { ...fields, x: 'a\t' }],
    ['LF in its path', { ...fields, ':path': `${path}\n` }],
    ['an upper case name', { ...fields, 'X-a': '1' }],
    ['a name with CR', { ...fields, 'x\r': '1' }],
    ['no name', { ...fields, '': '1' }],
    ['an unknown pseudo-header', { ...fields, ':protocol': 'x' }],
    ['its path behind other fields', { ...withoutPath, ':path': path! }],
    ['te other than trailers', { ...fields, te: 'trailers, gzip' }],
    ['transfer-encoding', { ...fields, 'transfer-encoding': 'chunked' }],
    ['a content-length with a sign', { ...fields, 'content-length': '+6' }],
    ['an empty content-length', { ...fields, 'content-length': '' }],
  ])('is reset: %s', async (_what, request) => {
    const { port, counters } = await serve([echo]);
    const client = await RawHttp2Client.open(port);
    client.send(frame(FrameType.headers, Flag.endHeaders, 1, block(request)), headers(3, ECHO_PATH));
    client.send(data(3, message(Buffer.alloc(1))));
    expect(await client.resetCode(1)).toBe(ErrorCode.protocolError);
    // The connection goes on.
    expect(await grpcStatus(client, 3)).toBe(0);
    expect(counters.streamsOpened).toBe(1);
    client.close();
  });

  it.each<[string, Buffer[]]>([
    ['more DATA than its content-length', [data(1, Buffer.alloc(7), 0)]],
    ['less DATA than its content-length', [data(1, Buffer.alloc(5))]],
    ['trailers before the end of its content-length', [frame(FrameType.headers, 5, 1, block({ x: 'y' }))]],
    [
      'trailers with a pseudo-header',
      [data(1, Buffer.alloc(6), 0), frame(FrameType.headers, 5, 1, block({ ':path': '/' }))],
    ],
    ['trailers that do not end it', [data(1, Buffer.alloc(6), 0), frame(FrameType.headers, 4, 1, block({ x: 'y' }))]],
  ])('is reset: %s', async (_what, rest) => {
    let calls = 0;
    const counting: Method = { ...echo, kind: 'unary', handle: (request) => (calls++, Buffer.from(request)) };
    const { port } = await serve([counting]);
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, ECHO_PATH, Flag.endHeaders, { 'content-length': '6' }), ...rest);
    expect(await client.resetCode(1)).toBe(ErrorCode.protocolError);
    expect(calls).toBe(0);
    client.close();
  });
});

describe('a peer that is gone in the middle of a batch', () => {
  it('leaves nothing behind, whatever was being written to it', async () => {
    const large: Method = { kind: 'unary', path: ECHO_PATH, handle: () => Buffer.alloc(20_000) };
    const { port, counters, internalErrors } = await serve([large]);
    for (let round = 0; round < 20; round++) {
      const client = await RawHttp2Client.open(port, PREFACE, settings([4, 2 ** 20]), windowUpdate(0, 2 ** 24));
      for (const id of ids(100)) client.send(headers(id, ECHO_PATH), data(id, message(Buffer.alloc(1))));
      if (round % 2 === 0) client.socket.resetAndDestroy();
      else client.socket.end();
    }
    await vi.waitFor(() => expect(counters.connectionsClosed).toBe(20), { timeout: 10_000 });
    expect(counters.connectionsOpened).toBe(20);
    expect(internalErrors).toEqual([]);
  });
});
