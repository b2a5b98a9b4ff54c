import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Flag, FrameType } from '../../src/http2/frame.ts';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** One frame as octets; `length` lies about its payload where it is given. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
  length = payload.length,
): Buffer {
  const octets = Buffer.alloc(9 + payload.length);
  octets.writeUIntBE(length, 0, 3);
  octets[3] = type;
  octets[4] = flags;
  octets.writeUInt32BE(streamId, 5);
  octets.set(payload, 9);
  return octets;
}

export const settings = (...pairs: readonly (readonly [name: number, value: number])[]): Buffer =>
  frame(
    FrameType.settings,
    0,
    0,
    Buffer.concat(pairs.map(([name, value]) => Buffer.concat([uint(name, 2), uint(value, 4)]))),
  );

export const uint = (value: number, bytes: number): Buffer => {
  const octets = Buffer.alloc(bytes);
  octets.writeUIntBE(value, 0, bytes);
  return octets;
};

/** Literal fields that no table keeps, names and values spelled out. */
export function block(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): Buffer => {
    const { length } = value;
    const prefix =
      length < 127
        ? [length]
        : [127, ((length - 127) & 127) | 128, (((length - 127) >> 7) & 127) | 128, (length - 127) >> 14];
    return Buffer.concat([Buffer.from(prefix), Buffer.from(value, 'latin1')]);
  };
  return Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

export const requestFields = (path: string): Record<string, string> => ({
  ':method': 'POST',
  ':scheme': 'http',
  ':path': path,
  ':authority': 'localhost',
  'content-type': 'application/grpc',
  te: 'trailers',
});

export const headers = (
  streamId: number,
  path: string,
  flags: number = Flag.endHeaders,
  more: Readonly<Record<string, string>> = {},
): Buffer => frame(FrameType.headers, flags, streamId, block({ ...requestFields(path), ...more }));

export const message = (bytes: Uint8Array, flag = 0): Buffer =>
  Buffer.concat([Buffer.from([flag]), uint(bytes.length, 4), bytes]);

export const data = (streamId: number, payload: Uint8Array, flags: number = Flag.endStream): Buffer =>
  frame(FrameType.data, flags, streamId, payload);

/** The first identifiers a client may use. */
export const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => index * 2 + 1);

export const rstStream = (streamId: number, code = 8): Buffer => frame(FrameType.rstStream, 0, streamId, uint(code, 4));
export const windowUpdate = (streamId: number, bytes: number): Buffer =>
  frame(FrameType.windowUpdate, 0, streamId, uint(bytes, 4));

/** A client that says whatever a test wants said. */
export class RawHttp2Client {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
    socket.on('data', (chunk) => {
      this.#take(chunk);
      this.#wake();
    });
  }

  /** Connects and says preface and SETTINGS. */
  static async open(port: number, ...opening: readonly Uint8Array[]): Promise<RawHttp2Client> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return RawHttp2Client.on(socket, ...opening);
  }

  /** The same on a connection that is there. */
  static on(socket: Socket, ...opening: readonly Uint8Array[]): RawHttp2Client {
    const client = new RawHttp2Client(socket);
    client.send(...(opening.length > 0 ? opening : [PREFACE, settings()]));
    return client;
  }

  send(...octets: readonly Uint8Array[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(octets));
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The first frame, past or to come, that fits; undefined where the connection ends without. */
  async frame(fits: (frame: Frame) => boolean): Promise<Frame | undefined> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined || this.#closed) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  frameOf(type: number, streamId: number): Promise<Frame | undefined> {
    return this.frame((candidate) => candidate.type === type && candidate.streamId === streamId);
  }

  /** The code of the GOAWAY that ends the connection; undefined where it ends without. */
  async goawayCode(): Promise<number | undefined> {
    return (await this.frameOf(FrameType.goaway, 0))?.payload.readUInt32BE(4);
  }

  async resetCode(streamId: number): Promise<number | undefined> {
    return (await this.frameOf(FrameType.rstStream, streamId))?.payload.readUInt32BE(0);
  }

  close(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      const octets = this.#rest.subarray(0, end);
      this.frames.push({
        type: octets[3]!,
        flags: octets[4]!,
        streamId: octets.readUInt32BE(5),
        payload: octets.subarray(9),
      });
      this.#rest = this.#rest.subarray(end);
    }
  }
}
