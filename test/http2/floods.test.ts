import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../src/http2/error-code.ts';
import { Flag, FrameType } from '../../src/http2/frame.ts';
import { hanging } from './hanging.ts';
import { data, frame, headers, ids, message, RawHttp2Client, rstStream, settings, windowUpdate } from './raw-client.ts';
import { echo, ECHO_PATH, serve } from './serving.ts';

const { enhanceYourCalm } = ErrorCode;

describe('a connection that is flooded with frames ends with ENHANCE_YOUR_CALM', () => {
  const floods = [
    { what: 'SETTINGS', kind: 'settings_flood', frames: () => settings() },
    {
      what: 'acknowledgements of SETTINGS',
      kind: 'settings_flood',
      frames: () => frame(FrameType.settings, Flag.ack, 0),
    },
    { what: 'PING', kind: 'ping_flood', frames: () => frame(FrameType.ping, 0, 0, Buffer.alloc(8)) },
    { what: 'PRIORITY', kind: 'empty_frame_flood', frames: () => frame(FrameType.priority, 0, 5, Buffer.alloc(5)) },
    { what: 'frames of an unknown type', kind: 'empty_frame_flood', frames: () => frame(0xbe, 0, 0, Buffer.alloc(3)) },
    { what: 'empty DATA', kind: 'empty_frame_flood', frames: () => data(1, Buffer.alloc(0), 0) },
    { what: 'WINDOW_UPDATE', kind: 'window_update_flood', frames: () => windowUpdate(0, 1) },
    { what: 'RST_STREAM on streams long gone', kind: 'empty_frame_flood', frames: () => rstStream(1) },
  ];
  it.each(floods)('$what', async ({ kind, frames }) => {
    const { port, abuse, counters } = await serve([hanging()]);
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, '/test.Hang/Unary'));
    if (kind === 'empty_frame_flood' && frames().length === 13) client.send(rstStream(1));
    for (let i = 0; i < 60; i++) client.send(...Array.from({ length: 100 }, frames));
    expect(await client.goawayCode()).toBe(enhanceYourCalm);
    expect(abuse).toEqual([kind]);
    expect(counters.connectionErrors).toBe(1);
  });

  it('empty CONTINUATION', async () => {
    const { port, abuse } = await serve([echo]);
    const client = await RawHttp2Client.open(port);
    client.send(headers(1, ECHO_PATH, 0), ...ids(1000).map(() => frame(FrameType.continuation, 0, 1)));
    expect(await client.goawayCode()).toBe(enhanceYourCalm);
    expect(abuse).toEqual(['continuation_flood']);
  });
});

describe('rapid reset', () => {
  it('ends the connection', async () => {
    const { port, abuse } = await serve([hanging()]);
    const client = await RawHttp2Client.open(port);
    for (const id of ids(5000)) client.send(headers(id, '/test.Hang/Unary'), rstStream(id));
    expect(await client.goawayCode()).toBe(enhanceYourCalm);
    expect(abuse).toContain('rapid_reset');
  });

  it('runs no more handlers at once than twice the streams that may be open, and none for those it refuses', async () => {
    const method = hanging();
    const { port, abuse } = await serve([method], { maxConcurrentStreams: 10 });
    const client = await RawHttp2Client.open(port);
    for (const id of ids(100)) client.send(headers(id, method.path), data(id, message(Buffer.alloc(1))), rstStream(id));
    expect(await client.resetCode(199)).toBe(ErrorCode.refusedStream);
    expect(method.most).toBe(20);
    expect(abuse).toContain('too_many_streams');
  });

  it('counts errors that the peer makes us answer with RST_STREAM', async () => {
    const { port, abuse } = await serve([hanging()]);
    const client = await RawHttp2Client.open(port);
    for (const id of ids(5000)) client.send(headers(id, '/test.Hang/Unary'), windowUpdate(id, 0));
    expect(await client.goawayCode()).toBe(enhanceYourCalm);
    expect(abuse).toContain('rapid_reset');
  });

  it('is not what a caller does who gives up after a while, or who is answered in between', async () => {
    const { port, abuse } = await serve([hanging(), echo], {
      resets: { burst: 5, perSecond: 0, perAnswer: 1 },
      youngMs: 20,
    });
    const client = await RawHttp2Client.open(port);
    const slow = ids(20);
    for (const id of slow) client.send(headers(id, '/test.Hang/Unary'));
    await sleep(60);
    for (const id of slow) client.send(rstStream(id));
    for (let id = 41; id < 141; id += 4) {
      client.send(
        headers(id, ECHO_PATH),
        data(id, message(Buffer.alloc(1))),
        headers(id + 2, ECHO_PATH),
        rstStream(id + 2),
      );
    }
    expect(await client.frameOf(FrameType.headers, 137)).toBeDefined();
    expect(abuse).toEqual([]);
    client.close();
  });
});
