import { describe, expect, it } from 'vitest';
import { FrameType } from '../../src/http2/frame.ts';
import { data, frame, headers, ids, message, RawHttp2Client, rstStream } from './raw-client.ts';
import { echo, ECHO_PATH, serve } from './serving.ts';

const pinged = async (client: RawHttp2Client, mark: number): Promise<boolean> => {
  client.send(frame(FrameType.ping, 0, 0, Buffer.alloc(8, mark)));
  return (await client.frame(({ type, payload }) => type === FrameType.ping && payload[0] === mark)) !== undefined;
};
const ask = (id: number): Buffer => Buffer.concat([headers(id, ECHO_PATH), data(id, message(Buffer.alloc(1)))]);

describe('cancels that come when the answers are under way already', () => {
  it('are no abuse, however many come at once', async () => {
    const { port, abuse } = await serve([echo]);
    const client = await RawHttp2Client.open(port);
    // As they wait for a process that was stopped: all requests, and then all cancels.
    client.send(...ids(3000).map(ask), ...ids(3000).map((id) => rstStream(id)));
    expect(await pinged(client, 1)).toBe(true);
    expect(abuse).toEqual([]);
    client.close();
  });

  it('count from the second for a stream on', async () => {
    const { port, abuse } = await serve([echo], { emptyFrames: { burst: 100, perSecond: 0, perAnswer: 0 } });
    const client = await RawHttp2Client.open(port);
    client.send(...ids(500).map(ask), ...ids(500).map((id) => rstStream(id)));
    expect(await pinged(client, 1)).toBe(true);
    client.send(...ids(500).map((id) => rstStream(id)));
    expect(await pinged(client, 2)).toBe(false);
    expect(abuse).toEqual(['empty_frame_flood']);
  });
});
