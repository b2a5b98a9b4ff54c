import { ConnectionError, ErrorCode, frameSizeError, protocolError } from './error-code.ts';
import type { FloodGuard } from './flood-guard.ts';
import {
  Flag,
  FrameType,
  GREATEST_MAX_FRAME_SIZE,
  GREATEST_WINDOW,
  LEAST_MAX_FRAME_SIZE,
  readUint32,
  Setting,
} from './frame.ts';
import type { Sender } from './sender.ts';
import type { Streams } from './streams.ts';

const NO_PAYLOAD = new Uint8Array(0);

export interface PeerSettingsPorts {
  readonly sender: Sender;
  readonly streams: Streams;
  readonly floods: FloodGuard;
}

/** SETTINGS, and what they change (RFC 9113, 6.5). */
export class PeerSettings {
  /** The peer has sent its first. */
  seen = false;
  readonly #sender: Sender;
  readonly #streams: Streams;
  readonly #floods: FloodGuard;

  constructor({ sender, streams, floods }: PeerSettingsPorts) {
    this.#sender = sender;
    this.#streams = streams;
    this.#floods = floods;
  }

  frame(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (id !== 0) throw protocolError('SETTINGS on a stream');
    const ack = (flags & Flag.ack) !== 0;
    if (ack ? end !== start : (end - start) % 6 !== 0) throw frameSizeError('SETTINGS');
    this.#floods.settings();
    if (ack) return;
    const sender = this.#sender;
    const streams = this.#streams;
    const { initialWindow } = sender;
    for (let at = start; at < end; at += 6) {
      this.#setting((buffer[at]! << 8) | buffer[at + 1]!, readUint32(buffer, at + 2));
    }
    this.seen = true;
    // Applied once, however often the frame has it, since each time is a loop over the streams.
    if (sender.initialWindow !== initialWindow) sender.setInitialWindow(sender.initialWindow, streams.open.values());
    sender.writer.control(FrameType.settings, Flag.ack, NO_PAYLOAD);
    // DATA that the larger windows allow is sent after the acknowledgement (6.5.3).
    sender.pumpAll();
  }

  /** RFC 9113, 6.5.2; what a server has no use for is ignored. */
  #setting(name: number, value: number): void {
    const sender = this.#sender;
    if (name === Setting.headerTableSize) sender.writer.encoder.setPeerLimit(value);
    else if (name === Setting.enablePush) {
      if (value > 1) throw protocolError('SETTINGS_ENABLE_PUSH above 1');
    } else if (name === Setting.initialWindowSize) {
      if (value > GREATEST_WINDOW) {
        throw new ConnectionError(ErrorCode.flowControlError, 'SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1');
      }
      sender.initialWindow = value;
    } else if (name === Setting.maxFrameSize) {
      if (value < LEAST_MAX_FRAME_SIZE || value > GREATEST_MAX_FRAME_SIZE)
        throw protocolError('SETTINGS_MAX_FRAME_SIZE');
      sender.maxFrameSize = value;
    }
  }
}
