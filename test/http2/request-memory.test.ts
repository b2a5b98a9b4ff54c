import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Code } from '../../src/grpc/rpc.ts';
import type { Method } from '../../src/grpc/rpc.ts';
import { Flag, FrameType } from '../../src/http2/frame.ts';
import { grpcStatus } from './grpc-status.ts';
import { data, frame, headers, ids, message, RawHttp2Client } from './raw-client.ts';
import { echo, serve } from './serving.ts';

/** Takes no message of its request before it is told to. */
function slowReader(): Method & { mayRead: PromiseWithResolvers<void> } {
  const mayRead = Promise.withResolvers<void>();
  return {
    kind: 'bidirectional',
    path: '/test.Slow/Bidi',
    mayRead,
    async *handle(requests) {
      await mayRead.promise;
      let count = 0;
      for await (const _ of requests) count++;
      yield Buffer.from(String(count));
    },
  };
}

const pinged = async (client: RawHttp2Client): Promise<void> => {
  client.send(frame(FrameType.ping, 0, 0, Buffer.alloc(8)));
  await client.frameOf(FrameType.ping, 0);
};
/** Answers with the length of its request. */
const measure: Method = {
  kind: 'unary',
  path: '/test.Measure/Unary',
  handle: ({ length }) => Buffer.from(String(length)),
};
const empty = message(Buffer.alloc(0));

describe('messages that a streaming handler has not taken', () => {
  it('weigh more than their octets, so that empty ones are waited with too', async () => {
    const method = slowReader();
    const { port } = await serve([method], { totalBufferedBytes: 32 * 1024 * 1024 });
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, method.path));
    const many = Buffer.concat(Array.from({ length: 3200 }, () => empty));
    for (let sent = 0; sent < 16; sent++) client.send(data(1, many, 0));
    await pinged(client);
    expect(client.frames.filter(({ type, streamId }) => type === FrameType.windowUpdate && streamId === 1)).toEqual([]);
    method.mayRead.resolve();
    expect(await client.frameOf(FrameType.windowUpdate, 1)).toBeDefined();
    client.send(data(1, empty));
    expect((await client.frameOf(FrameType.data, 1))?.payload.subarray(5).toString()).toBe(String(16 * 3200 + 1));
    client.close();
  });

  it('of all streams together have a limit, beyond which a call ends, and are given back when taken', async () => {
    const method = slowReader();
    const { port, abuse } = await serve([method, echo], { maxBufferedRequestBytes: 100_000 });
    const client = await RawHttp2Client.open(port);
    for (const id of ids(12)) client.send(headers(id, method.path), data(id, message(Buffer.alloc(10_000)), 0));
    expect(await grpcStatus(client, 23)).toBe(Code.resourceExhausted);
    expect(abuse).toContain('request_buffer_full');
    method.mayRead.resolve();
    client.send(data(1, empty));
    expect((await client.frameOf(FrameType.data, 1))?.payload.subarray(5).toString()).toBe('2');
    const seen = abuse.length;
    client.send(headers(101, method.path), data(101, message(Buffer.alloc(10_000)), 0), data(101, empty));
    expect((await client.frameOf(FrameType.data, 101))?.payload.subarray(5).toString()).toBe('2');
    expect(abuse).toHaveLength(seen);
    client.close();
  });
});

describe('the message of a unary call', () => {
  it('counts from its last octet to the end of the handler', async () => {
    const { port, abuse } = await serve([measure], { maxBufferedRequestBytes: 100_000 });
    const client = await RawHttp2Client.open(port);
    for (const id of ids(12)) client.send(headers(id, measure.path), data(id, message(Buffer.alloc(10_000)), 0));
    expect(await grpcStatus(client, 23)).toBe(Code.resourceExhausted);
    expect(abuse).toContain('request_buffer_full');
    const seen = abuse.length;
    for (const id of ids(9)) client.send(data(id, Buffer.alloc(0)));
    expect(await grpcStatus(client, 17)).toBe(0);
    client.send(headers(101, measure.path), data(101, message(Buffer.alloc(10_000)), 0), data(101, Buffer.alloc(0)));
    expect(await grpcStatus(client, 101)).toBe(0);
    expect(abuse).toHaveLength(seen);
    client.close();
  });
});

describe('compressed messages', () => {
  it('may unpack to so many octets a second, and no more', async () => {
    const inflatedBytes = { burst: 3_000_000, perSecond: 1_000_000, perAnswer: 0 };
    const { port, abuse } = await serve([measure], { inflatedBytes }, { gzip: true });
    const client = await RawHttp2Client.open(port);
    const bomb = message(gzipSync(Buffer.alloc(1_000_000)), 1);
    const ask = (id: number): void =>
      client.send(headers(id, measure.path, Flag.endHeaders, { 'grpc-encoding': 'gzip' }), data(id, bomb));
    for (const id of ids(10)) ask(id);
    expect(await grpcStatus(client, 19)).toBe(Code.resourceExhausted);
    expect(abuse).toContain('inflation_flood');
    const refused = abuse.length;
    expect(refused).toBeGreaterThanOrEqual(5);
    await sleep(1500);
    ask(21);
    expect(await client.frameOf(FrameType.data, 21)).toBeDefined();
    expect(abuse).toHaveLength(refused);
    client.close();
  });
});
