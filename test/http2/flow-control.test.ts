import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Method } from '../../src/grpc/rpc.ts';
import { ErrorCode } from '../../src/http2/error-code.ts';
import { Flag, FrameType, Setting } from '../../src/http2/frame.ts';
import { Random } from './random.ts';
import { data, frame, headers, ids, message, PREFACE, RawHttp2Client, settings, windowUpdate } from './raw-client.ts';
import type { Frame } from './raw-client.ts';
import { echo, ECHO_PATH, serve } from './serving.ts';

const bodyOf = (frames: readonly Frame[], id: number): Buffer =>
  Buffer.concat(
    frames.filter(({ type, streamId }) => type === FrameType.data && streamId === id).map(({ payload }) => payload),
  );

describe('answers', () => {
  it('arrive whole and in order through windows of any size, streams taking turns', async () => {
    const random = new Random(69);
    const { port, abuse } = await serve([echo], { windowUpdates: { burst: 1e6, perSecond: 0, perAnswer: 0 } });
    const client = await RawHttp2Client.open(port, PREFACE, settings([Setting.initialWindowSize, 10]));
    const requests = new Map(ids(5).map((id) => [id, random.bytes(20_000 + random.integer(30_000))]));
    for (const [id, request] of requests) {
      client.send(headers(id, ECHO_PATH));
      const framed = message(request);
      for (let at = 0; at < framed.length; at += 9000) {
        client.send(data(id, framed.subarray(at, at + 9000), at + 9000 < framed.length ? 0 : Flag.endStream));
      }
    }
    const lastFrame = (id: number) => (one: Frame) =>
      one.streamId === id && (one.flags & Flag.endStream) !== 0 && one.type === FrameType.headers;
    while (!ids(5).every((id) => client.frames.some(lastFrame(id)))) {
      client.send(
        windowUpdate(random.pick(ids(5)), 1 + random.integer(9000)),
        windowUpdate(0, 1 + random.integer(9000)),
      );
      if (random.integer(20) === 0) client.send(settings([Setting.initialWindowSize, random.integer(4000)]));
      await sleep(1);
    }
    for (const [id, request] of requests) expect(bodyOf(client.frames, id).equals(message(request))).toBe(true);
    const order = client.frames.filter(({ type }) => type === FrameType.data).map(({ streamId }) => streamId);
    expect(new Set(order.slice(0, 20)).size).toBeGreaterThan(2);
    expect(abuse).toEqual([]);
    client.close();
  });

  it('are no larger than the frames a peer takes', async () => {
    const { port } = await serve([echo]);
    const client = await RawHttp2Client.open(
      port,
      PREFACE,
      settings([Setting.initialWindowSize, 1_000_000], [Setting.maxFrameSize, 20_000]),
    );
    client.send(headers(1, ECHO_PATH));
    for (let left = 5; left > 0; left--)
      client.send(
        data(
          1,
          message(Buffer.alloc(49_995)).subarray((5 - left) * 10_000, (6 - left) * 10_000),
          left > 1 ? 0 : Flag.endStream,
        ),
      );
    await client.frame(({ type, flags }) => type === FrameType.headers && (flags & Flag.endStream) !== 0);
    const sizes = client.frames.filter(({ type }) => type === FrameType.data).map(({ payload }) => payload.length);
    expect(sizes).toEqual([20_000, 20_000, 10_000]);
    client.close();
  });
});

describe('requests', () => {
  it('beyond the window of their stream are its error', async () => {
    const deaf: Method = {
      kind: 'bidirectional',
      path: '/test.Deaf/Bidi',
      handle: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
    };
    const { port } = await serve([deaf], { streamWindowBytes: 65_535 });
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, deaf.path), headers(3, deaf.path));
    const one = message(Buffer.alloc(10_000));
    for (let sent = 0; sent < 12; sent++) client.send(data(1, one, 0));
    expect(await client.resetCode(1)).toBe(ErrorCode.flowControlError);
    expect(client.isClosed).toBe(false);
    client.close();
  });

  it('of a handler that does not read wait in the window, and pass when it does', async () => {
    const mayRead = Promise.withResolvers<void>();
    const slow: Method = {
      kind: 'bidirectional',
      path: '/test.Slow/Bidi',
      async *handle(requests) {
        await mayRead.promise;
        let bytes = 0;
        for await (const request of requests) bytes += request.length;
        yield Buffer.from(String(bytes));
      },
    };
    const { port } = await serve([slow, echo], { streamWindowBytes: 65_535 });
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, slow.path));
    const one = message(Buffer.alloc(10_000));
    for (let sent = 0; sent < 6; sent++) client.send(data(1, one, 0));
    // Another stream is not held up.
    client.send(headers(3, ECHO_PATH), data(3, message(Buffer.from('past it'))));
    expect((await client.frameOf(FrameType.data, 3))?.payload.toString()).toContain('past it');
    expect(granted(client.frames, 1)).toBeLessThanOrEqual(65_535);
    mayRead.resolve();
    await client.frameOf(FrameType.windowUpdate, 1);
    for (let sent = 0; sent < 3; sent++) client.send(data(1, one, 0));
    client.send(data(1, Buffer.alloc(0)));
    expect((await client.frameOf(FrameType.data, 1))?.payload.subarray(5).toString()).toBe('90000');
    client.close();
  });

  it('give the connection its window back, whatever became of their streams', async () => {
    const { port } = await serve([echo]);
    const client = await RawHttp2Client.open(port);
    const request = message(Buffer.alloc(10_000));
    for (const id of ids(300)) {
      client.send(headers(id, id % 4 === 1 ? ECHO_PATH : '/no.Such/Method'), data(id, request));
      if (id % 40 === 1) await sleep(1);
    }
    expect(await client.frameOf(FrameType.headers, 597)).toBeDefined();
    const total = 300 * request.length;
    expect(granted(client.frames, 0)).toBeGreaterThan(total - 1024 * 1024);
    client.send(frame(FrameType.ping, 0, 0, Buffer.alloc(8)));
    expect(await client.frameOf(FrameType.ping, 0)).toBeDefined();
    client.close();
  });
});

function granted(frames: readonly Frame[], id: number): number {
  return frames
    .filter(({ type, streamId }) => type === FrameType.windowUpdate && streamId === id)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
}
