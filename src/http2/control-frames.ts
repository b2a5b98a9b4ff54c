import type { BatchClock } from './batch-clock.ts';
import { ErrorCode, frameSizeError, protocolError } from './error-code.ts';
import type { FloodGuard } from './flood-guard.ts';
import { Flag, FrameType, readUint31 } from './frame.ts';
import type { Limits } from './limits.ts';
import type { PeerSettings } from './peer-settings.ts';
import type { Sender } from './sender.ts';
import type { Shutdown } from './shutdown.ts';
import type { Streams } from './streams.ts';

export interface ControlFramesPorts {
  readonly limits: Limits;
  readonly clock: BatchClock;
  readonly sender: Sender;
  readonly streams: Streams;
  readonly floods: FloodGuard;
  readonly shutdown: Shutdown;
  readonly settings: PeerSettings;
}

/** The control frames of a connection. Each kind is counted: more than a working peer sends ends the connection. */
export class ControlFrames {
  readonly #ports: ControlFramesPorts;

  constructor(ports: ControlFramesPorts) {
    this.#ports = ports;
  }

  frame(type: number, flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (type === FrameType.settings) this.#ports.settings.frame(flags, id, buffer, start, end);
    else if (type === FrameType.windowUpdate) this.#windowUpdate(id, buffer, start, end);
    else if (type === FrameType.ping) this.#ping(flags, id, buffer, start, end);
    else if (type === FrameType.rstStream) this.#rstStream(id, end - start);
    else if (type === FrameType.goaway) this.#goaway(id, end - start);
    else if (type === FrameType.priority) this.#priority(id, buffer, start, end);
    // RFC 9113, 8.4: a client can't push.
    else if (type === FrameType.pushPromise) throw protocolError('PUSH_PROMISE from a client');
    // RFC 9113, 5.5: unknown types are ignored.
    else this.#ports.floods.emptyFrame();
  }

  /** RFC 9113, 6.9. */
  #windowUpdate(id: number, buffer: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw frameSizeError('WINDOW_UPDATE');
    const { sender, streams, floods } = this.#ports;
    const bytes = readUint31(buffer, start);
    floods.windowUpdate();
    if (id === 0) {
      if (bytes === 0) throw protocolError('WINDOW_UPDATE of nothing');
      return sender.grantConnection(bytes);
    }
    const stream = streams.open.get(id);
    if (stream === undefined) {
      if (streams.ids.whyAbsent(id) === 'idle') throw protocolError('WINDOW_UPDATE on an idle stream');
      return;
    }
    if (bytes === 0) streams.fault(stream, ErrorCode.protocolError);
    else if (!sender.grantStream(stream, bytes)) streams.fault(stream, ErrorCode.flowControlError);
  }

  /** RFC 9113, 6.7. */
  #ping(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (id !== 0) throw protocolError('PING on a stream');
    if (end - start !== 8) throw frameSizeError('PING');
    const { sender, floods, shutdown } = this.#ports;
    if ((flags & Flag.ack) !== 0) return shutdown.refuseNew();
    floods.ping();
    sender.writer.control(FrameType.ping, Flag.ack, buffer.subarray(start, end));
  }

  /** RFC 9113, 6.4. */
  #rstStream(id: number, length: number): void {
    if (length !== 4) throw frameSizeError('RST_STREAM');
    const { limits, clock, streams, floods } = this.#ports;
    const stream = streams.open.get(id);
    if (stream === undefined) {
      if (streams.ids.whyAbsent(id) === 'idle') throw protocolError('RST_STREAM on an idle stream');
      if (!streams.ids.isLateCancel(id)) floods.emptyFrame();
      return;
    }
    streams.abort(stream);
    streams.ids.isLateCancel(id);
    if (clock.nowMs - stream.openedAtMs < limits.youngMs) floods.rapidReset();
  }

  /** RFC 9113, 6.8. */
  #goaway(id: number, length: number): void {
    if (id !== 0) throw protocolError('GOAWAY on a stream');
    if (length < 8) throw frameSizeError('GOAWAY');
    this.#ports.shutdown.peerLeaves();
  }

  /** RFC 9113, 6.3: deprecated, checked for its form and ignored. */
  #priority(id: number, buffer: Buffer, start: number, end: number): void {
    if (id === 0) throw protocolError('PRIORITY without a stream');
    const { streams, floods } = this.#ports;
    if (end - start !== 5) return streams.faultById(id, ErrorCode.frameSizeError);
    if (readUint31(buffer, start) === id) return streams.faultById(id, ErrorCode.protocolError);
    floods.emptyFrame();
  }
}
