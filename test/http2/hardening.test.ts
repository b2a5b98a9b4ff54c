import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Method } from '../../src/grpc/rpc.ts';
import { ErrorCode } from '../../src/http2/error-code.ts';
import { Flag, FrameType, Setting } from '../../src/http2/frame.ts';
import { Sender } from '../../src/http2/sender.ts';
import { hanging } from './hanging.ts';
import {
  block,
  data,
  frame,
  headers,
  ids,
  message,
  PREFACE,
  RawHttp2Client,
  settings,
  uint,
  windowUpdate,
} from './raw-client.ts';
import { echo, ECHO_PATH, serve } from './serving.ts';

const { enhanceYourCalm } = ErrorCode;

describe('headers', () => {
  it('beyond the size of a block end the connection', async () => {
    const { port, abuse } = await serve([echo]);
    const client = await RawHttp2Client.open(port);
    const part = Buffer.alloc(16_384, 0x82);
    client.send(
      frame(FrameType.headers, 0, 1, part),
      frame(FrameType.continuation, 0, 1, part),
      frame(FrameType.continuation, 0, 1, part),
    );
    expect(await client.goawayCode()).toBe(enhanceYourCalm);
    expect(abuse).toEqual(['header_block_too_large']);
  });

  it('that unpack to megabytes are answered with 431, cost little and leave the connection as it was', async () => {
    const { port, abuse } = await serve([echo]);
    const client = await RawHttp2Client.open(port);
    const large = Buffer.concat([
      Buffer.from([0x40, 1]),
      Buffer.from('x'),
      Buffer.from([127, 0xa0, 0x1e]),
      Buffer.alloc(3999, 0x61),
    ]);
    // Each octet 0xbe is the 4,000 octets again.
    const bomb = Buffer.concat([
      block({ ':method': 'POST', ':scheme': 'http', ':path': ECHO_PATH }),
      large,
      Buffer.alloc(12_000, 0xbe),
    ]);
    const before = process.memoryUsage().heapUsed;
    for (const id of ids(20)) client.send(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, id, bomb));
    const answer = await client.frameOf(FrameType.headers, 39);
    expect(answer?.payload.toString('latin1')).toContain('431');
    expect((await client.frameOf(FrameType.data, 39))?.payload.toString()).toMatch(/more metadata/);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(30_000_000);
    client.send(headers(41, ECHO_PATH), data(41, message(Buffer.from('still here'))));
    expect((await client.frameOf(FrameType.data, 41))?.payload.toString()).toContain('still here');
    expect(abuse).toContain('header_list_too_large');
  });
});

describe('streams beyond the limit', () => {
  it('are refused, and those within go on', async () => {
    const method = hanging();
    const { port, abuse } = await serve([method, echo], { maxConcurrentStreams: 3 });
    const client = await RawHttp2Client.open(port);
    for (const id of [1, 3]) client.send(headers(id, method.path), data(id, message(Buffer.alloc(1))));
    client.send(headers(5, ECHO_PATH), headers(7, ECHO_PATH), data(5, message(Buffer.from('third'))));
    expect(await client.resetCode(7)).toBe(ErrorCode.refusedStream);
    expect((await client.frameOf(FrameType.data, 5))?.payload.toString()).toContain('third');
    expect(abuse).toEqual(['too_many_streams']);
  });
});

describe('window games', () => {
  const large: Method = { kind: 'unary', path: '/test.Large/Unary', handle: () => Buffer.alloc(100_000) };
  const noWindow = [PREFACE, settings([Setting.initialWindowSize, 0])];

  it('of one octet at a time end with ENHANCE_YOUR_CALM', async () => {
    const { port, abuse } = await serve([large]);
    const client = await RawHttp2Client.open(port, ...noWindow);
    client.send(headers(1, large.path), data(1, message(Buffer.alloc(1))));
    for (let i = 0; i < 100; i++) client.send(...Array.from({ length: 100 }, () => windowUpdate(1, 1)));
    expect(await client.goawayCode()).toBe(enhanceYourCalm);
    expect(abuse).toEqual(['window_update_flood']);
  });

  it('of a window that never opens end after the stall time-out', async () => {
    const { port, abuse } = await serve([large], { stallTimeoutMs: 100 });
    const client = await RawHttp2Client.open(port, ...noWindow);
    client.send(headers(1, large.path), data(1, message(Buffer.alloc(1))));
    expect(await client.goawayCode()).toBe(enhanceYourCalm);
    expect(abuse).toEqual(['stalled_reader']);
  });

  it('hold no more answers than the limit', async () => {
    const { port, abuse } = await serve([large], { maxQueuedAnswerBytes: 1_000_000 });
    const client = await RawHttp2Client.open(port, ...noWindow);
    for (const id of ids(20)) client.send(headers(id, large.path), data(id, message(Buffer.alloc(1))));
    expect(await client.goawayCode()).toBe(enhanceYourCalm);
    expect(abuse).toEqual(['answer_queue_full']);
  });

  it('that many entries of one SETTINGS ask for are applied once, and the last one counts', async () => {
    const applied = vi.spyOn(Sender.prototype, 'setInitialWindow');
    const { port } = await serve([large]);
    const client = await RawHttp2Client.open(port, ...noWindow);
    const entries = ids(1000).map((value) => [Setting.initialWindowSize, value] as const);
    client.send(headers(1, large.path), data(1, message(Buffer.alloc(1))), settings(...entries));
    expect((await client.frameOf(FrameType.data, 1))?.payload.length).toBe(1999);
    // Once for each frame.
    expect(applied).toHaveBeenCalledTimes(2);
    applied.mockRestore();
    client.close();
  });

  it('above 2^31-1 are errors of the stream or the connection', async () => {
    const { port } = await serve([hanging()]);
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, '/test.Hang/Unary'), windowUpdate(1, 2 ** 31 - 1));
    expect(await client.resetCode(1)).toBe(ErrorCode.flowControlError);
    client.send(windowUpdate(0, 2 ** 31 - 1));
    expect(await client.goawayCode()).toBe(ErrorCode.flowControlError);
  });
});

describe('a peer that does not read', () => {
  it('is not read from either, and is cut off after the stall time-out', { timeout: 30_000 }, async () => {
    const answer = Buffer.alloc(60_000);
    let calls = 0;
    const method: Method = { kind: 'unary', path: '/test.Flood/Unary', handle: () => (calls++, answer) };
    const { port, abuse, counters } = await serve([method], { stallTimeoutMs: 500 });
    const client = await RawHttp2Client.open(
      port,
      PREFACE,
      settings([Setting.initialWindowSize, 2 ** 31 - 1]),
      windowUpdate(0, 2 ** 30),
    );
    client.socket.pause();
    for (const id of ids(1000)) client.send(headers(id, method.path), data(id, message(Buffer.alloc(1))));
    while (counters.connectionsClosed === 0) await sleep(50);
    expect(abuse).toEqual(['stalled_reader']);
    // What the kernel's buffers took, the backlog, and what one batch of requests asked for.
    expect(calls).toBeLessThan(1000);
    client.close();
  });
});

describe('a request', () => {
  it('that announces a large message holds only the memory of what arrived', async () => {
    const { port, abuse } = await serve([echo], { maxBufferedRequestBytes: 100_000 });
    const client = await RawHttp2Client.open(port);
    const announced = Buffer.concat([Buffer.from([0]), uint(4_000_000, 4)]);
    for (const id of ids(100)) client.send(headers(id, ECHO_PATH), data(id, announced, 0));
    client.send(headers(201, ECHO_PATH), data(201, message(Buffer.from('fine'))));
    expect((await client.frameOf(FrameType.data, 201))?.payload.toString()).toContain('fine');
    expect(abuse).toEqual([]);
    for (const id of ids(100)) client.send(data(id, Buffer.alloc(1000), 0));
    expect(await client.frameOf(FrameType.headers, 199)).toBeDefined();
    expect(abuse).toContain('request_buffer_full');
  });

  it('that never ends is cancelled after the request time-out', async () => {
    const { port, abuse } = await serve([echo], { requestTimeoutMs: 100 });
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, ECHO_PATH), data(1, message(Buffer.alloc(100)).subarray(0, 50), 0));
    expect(await client.resetCode(1)).toBe(ErrorCode.cancel);
    expect(abuse).toEqual(['slow_request']);
    client.close();
  });
});

describe('a connection', () => {
  it('that says nothing is closed after the handshake time-out', async () => {
    const { port, abuse } = await serve([echo], { handshakeTimeoutMs: 100 });
    const client = await RawHttp2Client.open(port, PREFACE.subarray(0, 10));
    expect(await client.goawayCode()).toBe(enhanceYourCalm);
    expect(abuse).toEqual(['slow_handshake']);
  });

  it('that is idle is asked to go, in two steps', async () => {
    const { port, abuse } = await serve([echo], { idleTimeoutMs: 100 });
    const client = await RawHttp2Client.open(port);
    const ping = await client.frameOf(FrameType.ping, 0);
    client.send(frame(FrameType.ping, Flag.ack, 0, ping!.payload));
    await client.frame(() => false);
    const goaways = client.frames.filter(({ type }) => type === FrameType.goaway);
    expect(goaways.map(({ payload }) => [payload.readUInt32BE(0), payload.readUInt32BE(4)])).toEqual([
      [2 ** 31 - 1, ErrorCode.noError],
      [0, ErrorCode.noError],
    ]);
    expect(abuse).toEqual([]);
  });

  it('that its client ends is gone, and what it asked for is aborted', async () => {
    const method = hanging();
    const { port, counters } = await serve([method]);
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, method.path), data(1, message(Buffer.alloc(1))));
    while (method.running === 0) await sleep(5);
    client.socket.end();
    while (counters.connectionsClosed === 0) await sleep(5);
    expect(counters.callsCancelled).toBe(1);
  });

  it('beyond the limit is closed as it comes', async () => {
    const { port, abuse } = await serve([echo], { maxConnections: 1 });
    const first = await RawHttp2Client.open(port);
    await first.frameOf(FrameType.settings, 0);
    const second = await RawHttp2Client.open(port);
    expect(await second.frame(() => true)).toBeUndefined();
    expect(abuse).toEqual(['too_many_connections']);
    first.close();
  });
});
