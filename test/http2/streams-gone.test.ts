import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Code } from '../../src/grpc/rpc.ts';
import type { Method } from '../../src/grpc/rpc.ts';
import { ErrorCode } from '../../src/http2/error-code.ts';
import { Flag, FrameType, Setting } from '../../src/http2/frame.ts';
import { grpcStatus } from './grpc-status.ts';
import { hanging } from './hanging.ts';
import { data, frame, headers, ids, message, PREFACE, RawHttp2Client, rstStream, settings } from './raw-client.ts';
import { echo, ECHO_PATH, serve } from './serving.ts';

const isAnswer = (client: RawHttp2Client, id: number) => client.frameOf(FrameType.data, id);

describe('full DATA frames under way to calls that were refused', () => {
  it('do not count as empty, nor as errors, however many streams there were', async () => {
    const { port, abuse } = await serve([echo], {}, { maxMessageBytes: 100 });
    const client = await RawHttp2Client.open(port);
    const announced = Buffer.concat([Buffer.from([0, 0, 0, 0x40, 0]), Buffer.alloc(95)]);
    const all = ids(1000);
    for (const id of all) client.send(headers(id, ECHO_PATH), data(id, announced, 0));
    expect(await client.resetCode(1999)).toBe(ErrorCode.noError);
    for (const id of all) client.send(data(id, announced, 0), data(id, announced, 0));
    client.send(headers(2001, ECHO_PATH), data(2001, message(Buffer.from('alive'))));
    expect(await isAnswer(client, 2001)).toBeDefined();
    expect(abuse).toEqual([]);
    client.close();
  });

  it('that are empty do', async () => {
    const { port, abuse } = await serve([echo], {}, { maxMessageBytes: 100 });
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, ECHO_PATH), data(1, Buffer.from([0, 0, 0, 0x40, 0]), 0));
    await client.resetCode(1);
    client.send(...ids(1000).map(() => data(1, Buffer.alloc(0), 0)));
    expect(await client.goawayCode()).toBe(ErrorCode.enhanceYourCalm);
    expect(abuse).toEqual(['empty_frame_flood']);
  });
});

describe('handlers that run on after a cancel', () => {
  it('have streams refused, which is not the rapid reset of the peer', async () => {
    const method = hanging();
    const { port, abuse } = await serve([method, echo], {
      maxConcurrentStreams: 10,
      youngMs: 0,
      resets: { burst: 5, perSecond: 0, perAnswer: 0 },
    });
    const client = await RawHttp2Client.open(port);
    for (const round of [ids(10), ids(20).slice(10)]) {
      const before = method.running;
      for (const id of round) client.send(headers(id, method.path), data(id, message(Buffer.alloc(1))));
      while (method.running < before + 10) await sleep(5);
      client.send(...round.map((id) => rstStream(id)));
    }
    for (const id of ids(120).slice(20)) client.send(headers(id, ECHO_PATH));
    expect(await client.resetCode(239)).toBe(ErrorCode.refusedStream);
    client.send(frame(FrameType.ping, 0, 0, Buffer.alloc(8)));
    expect(await client.frameOf(FrameType.ping, 0)).toBeDefined();
    expect(new Set(abuse)).toEqual(new Set(['too_many_streams']));
    client.close();
  });
});

describe('after the end of a connection', () => {
  it('the rest of what was read is neither served nor counted', async () => {
    let calls = 0;
    const large: Method = { kind: 'unary', path: '/test.Large/Unary', handle: () => (calls++, Buffer.alloc(100_000)) };
    const { port, abuse, counters } = await serve([large], { maxQueuedAnswerBytes: 250_000 });
    const client = await RawHttp2Client.open(port, PREFACE, settings([Setting.initialWindowSize, 0]));
    client.send(...ids(100).flatMap((id) => [headers(id, large.path), data(id, message(Buffer.alloc(1)))]));
    expect(await client.goawayCode()).toBe(ErrorCode.enhanceYourCalm);
    expect(abuse).toEqual(['answer_queue_full']);
    expect(calls).toBe(3);
    expect(counters.streamsOpened).toBe(3);
    client.close();
  });
});

describe('what is begun and not ended', () => {
  it.each([
    { what: 'a header block', begun: headers(1, ECHO_PATH, 0) },
    { what: 'a frame', begun: headers(1, ECHO_PATH).subarray(0, 20) },
    { what: 'the header of a frame', begun: headers(1, ECHO_PATH).subarray(0, 4) },
  ])('$what has the request time-out', async ({ begun }) => {
    const { port, abuse } = await serve([echo], { requestTimeoutMs: 100 });
    const client = await RawHttp2Client.open(port);
    client.send(begun);
    expect(await client.goawayCode()).toBe(ErrorCode.enhanceYourCalm);
    expect(abuse).toEqual(['slow_request']);
  });

  it('is not the frame that each read of a busy connection cuts', async () => {
    const { port, abuse } = await serve([echo], { requestTimeoutMs: 1500 });
    const client = await RawHttp2Client.open(port);
    let rest = Buffer.alloc(0);
    for (let id = 1; id < 201; id += 2) {
      const next = Buffer.concat([rest, headers(id, ECHO_PATH), data(id, message(Buffer.alloc(50)))]);
      client.send(next.subarray(0, -7));
      rest = next.subarray(-7);
      await sleep(25);
    }
    client.send(rest);
    expect(await isAnswer(client, 199)).toBeDefined();
    expect(abuse).toEqual([]);
    client.close();
  });

  it('and has a deadline ends with DEADLINE_EXCEEDED, even where its message never began', async () => {
    const { port, abuse } = await serve([echo]);
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, ECHO_PATH, Flag.endHeaders, { 'grpc-timeout': '50m' }));
    expect(await grpcStatus(client, 1)).toBe(Code.deadlineExceeded);
    expect(abuse).toEqual([]);
    client.close();
  });
});
