import type { ControlFrames } from './control-frames.ts';
import { protocolError } from './error-code.ts';
import type { FrameSink } from './frame-reader.ts';
import { FrameType } from './frame.ts';
import type { PeerSettings } from './peer-settings.ts';
import type { RequestFrames } from './request-frames.ts';
import type { Shutdown } from './shutdown.ts';

export interface IncomingFramesPorts {
  readonly shutdown: Shutdown;
  readonly settings: PeerSettings;
  readonly requests: RequestFrames;
  readonly control: ControlFrames;
}

/** Every frame passes here: checks whether it may come now, and dispatches it. */
export class IncomingFrames implements FrameSink {
  readonly #shutdown: Shutdown;
  readonly #settings: PeerSettings;
  readonly #requests: RequestFrames;
  readonly #control: ControlFrames;

  constructor({ shutdown, settings, requests, control }: IncomingFramesPorts) {
    this.#shutdown = shutdown;
    this.#settings = settings;
    this.#requests = requests;
    this.#control = control;
  }

  frame(type: number, flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (this.#shutdown.hasEnded) return;
    const requests = this.#requests;
    // RFC 9113, 6.10.
    if (requests.openBlock !== undefined && (type !== FrameType.continuation || id !== requests.openBlock.streamId)) {
      throw protocolError('a header block is open: only its CONTINUATION may follow');
    }
    // RFC 9113, 3.4.
    if (!this.#settings.seen && type !== FrameType.settings) throw protocolError('the first frame is not SETTINGS');
    if (type === FrameType.data) requests.data(flags, id, buffer, start, end);
    else if (type === FrameType.headers) requests.headers(flags, id, buffer, start, end);
    else if (type === FrameType.continuation) requests.continuation(flags, id, buffer, start, end);
    else this.#control.frame(type, flags, id, buffer, start, end);
  }
}
