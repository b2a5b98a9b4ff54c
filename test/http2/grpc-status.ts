import { Flag, FrameType } from '../../src/http2/frame.ts';
import { HpackDecoder } from '../../src/http2/hpack/decoder.ts';
import type { RawHttp2Client } from './raw-client.ts';

/** The `grpc-status` that ends a call; NaN where none does. */
export async function grpcStatus(client: RawHttp2Client, id: number): Promise<number> {
  const last = await client.frame(
    ({ type, flags, streamId }) => type === FrameType.headers && streamId === id && (flags & Flag.endStream) !== 0,
  );
  const decoder = new HpackDecoder(4096);
  let status = NaN;
  for (const one of client.frames) {
    if (one.type !== FrameType.headers) continue;
    decoder.decode(one.payload, 0, one.payload.length, {
      field: ({ name, value }) => {
        if (one === last && name === 'grpc-status') status = Number(value);
      },
    });
  }
  return status;
}
