import { Flag, FRAME_HEADER_BYTES, FrameType, writeFrameHeader, writeUint32 } from './frame.ts';
import type { HeaderField } from './header-field.ts';
import { greatestFieldBytes } from './hpack/encoder.ts';
import type { HpackEncoder } from './hpack/encoder.ts';
import type { Output } from './output.ts';

/** Room for two table size updates, whatever their values. */
const SIZE_UPDATE_BYTES = 12;

/** Writes frames (RFC 9113, section 6) to the output of a connection. Others decide what may be sent. */
export class FrameWriter {
  readonly output: Output;
  readonly encoder: HpackEncoder;

  constructor(output: Output, encoder: HpackEncoder) {
    this.output = output;
    this.encoder = encoder;
  }

  /** RFC 9113, 6.2: one block, whole in its frame. */
  headers(streamId: number, fields: readonly HeaderField[], endStream: boolean): void {
    const { output, encoder } = this;
    let most = FRAME_HEADER_BYTES + SIZE_UPDATE_BYTES;
    for (const { name, value } of fields) most += greatestFieldBytes(name, value);
    const start = output.reserve(most);
    let at = encoder.begin(output.buffer, start + FRAME_HEADER_BYTES);
    for (const field of fields) at = encoder.field(output.buffer, at, field);
    const flags = Flag.endHeaders | (endStream ? Flag.endStream : 0);
    writeFrameHeader(output.buffer, start, at - start - FRAME_HEADER_BYTES, FrameType.headers, flags, streamId);
    output.trim(at);
  }

  /** RFC 9113, 6.1: `bytes[from..from + length)`. */
  data(streamId: number, bytes: Uint8Array, from: number, length: number, endStream: boolean): void {
    const { output } = this;
    const at = output.reserve(FRAME_HEADER_BYTES + length);
    writeFrameHeader(output.buffer, at, length, FrameType.data, endStream ? Flag.endStream : 0, streamId);
    output.buffer.set(length === bytes.length ? bytes : bytes.subarray(from, from + length), at + FRAME_HEADER_BYTES);
  }

  /** SETTINGS, PING, GOAWAY: frames of the connection as a whole. */
  control(type: number, flags: number, payload: Uint8Array): void {
    const at = this.output.reserve(FRAME_HEADER_BYTES + payload.length);
    writeFrameHeader(this.output.buffer, at, payload.length, type, flags, 0);
    this.output.buffer.set(payload, at + FRAME_HEADER_BYTES);
  }

  /** RST_STREAM, WINDOW_UPDATE: frames of one number. */
  number(type: number, streamId: number, value: number): void {
    const at = this.output.reserve(FRAME_HEADER_BYTES + 4);
    writeFrameHeader(this.output.buffer, at, 4, type, 0, streamId);
    writeUint32(this.output.buffer, at + FRAME_HEADER_BYTES, value);
  }
}
