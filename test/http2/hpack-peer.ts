import { constants, createServer } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { duplexPair } from 'node:stream';
import { Flag, FrameType } from '../../src/http2/frame.ts';
import { frame, PREFACE, settings } from './raw-client.ts';

export type Verdict = 'decoded' | 'compression error' | 'another error';

/** Node's own HTTP/2 (nghttp2): what it makes of header blocks that arrive one after the other. */
export async function decodeByNghttp2(
  blocks: readonly Uint8Array[],
): Promise<{ requests: IncomingHttpHeaders[]; verdict: Verdict }> {
  const server = createServer({ settings: { maxHeaderListSize: 1_000_000 }, maxSessionInvalidFrames: 1_000_000 });
  const requests: IncomingHttpHeaders[] = [];
  server.on('stream', (stream, headers) => {
    requests.push(headers);
    stream.on('error', () => {});
  });
  server.on('sessionError', () => {});
  const [ours, theirs] = duplexPair();
  const answer: Buffer[] = [];
  ours.on('data', (chunk: Buffer) => answer.push(chunk));
  server.emit('connection', theirs);
  const flags = Flag.endHeaders | Flag.endStream;
  ours.write(
    Buffer.concat([
      PREFACE,
      settings(),
      ...blocks.map((block, index) => frame(FrameType.headers, flags, 2 * index + 1, block)),
      ping,
    ]),
  );
  const verdict = await new Promise<Verdict>((resolve) => {
    const look = (): void => {
      const found = readVerdict(Buffer.concat(answer));
      if (found !== undefined) resolve(found);
    };
    ours.on('data', look);
    ours.on('close', () => resolve(readVerdict(Buffer.concat(answer)) ?? 'another error'));
  });
  ours.destroy();
  theirs.destroy();
  server.close();
  return { requests, verdict };
}

const ping = frame(FrameType.ping, 0, 0, Buffer.from('all done'));

/** The PING is answered where nothing before it ended the connection. */
function readVerdict(octets: Buffer): Verdict | undefined {
  for (let at = 0; octets.length - at >= 9;) {
    const length = octets.readUIntBE(at, 3);
    if (octets.length < at + 9 + length) return undefined;
    const type = octets[at + 3];
    if (type === FrameType.goaway) {
      const code = octets.readUInt32BE(at + 13);
      return code === constants.NGHTTP2_COMPRESSION_ERROR ? 'compression error' : 'another error';
    }
    if (type === FrameType.ping && octets[at + 4] === Flag.ack) return 'decoded';
    at += 9 + length;
  }
  return undefined;
}
