import { Allowance } from './allowance.ts';
import type { Connection } from './connection.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import {
  Flag,
  FrameType,
  greatestMaxFrameSize,
  greatestWindow,
  leastMaxFrameSize,
  readUint31,
  readUint32,
  Setting,
} from './frame.ts';
import type { AbuseKind } from './observer.ts';

/** The frames that steer a connection. Each kind is weighed: more than a working peer sends ends it. */
export class ControlFrames {
  settingsSeen = false;
  /** The peer opens no more streams. */
  peerIsLeaving = false;
  private readonly connection: Connection;
  private readonly resets: Allowance;
  private readonly pings: Allowance;
  private readonly settingsChanges: Allowance;
  private readonly emptyFrames: Allowance;
  private readonly windowUpdates: Allowance;

  constructor(connection: Connection) {
    const { limits, nowMs } = connection;
    this.connection = connection;
    this.resets = new Allowance(limits.resets, nowMs);
    this.pings = new Allowance(limits.pings, nowMs);
    this.settingsChanges = new Allowance(limits.settings, nowMs);
    this.emptyFrames = new Allowance(limits.emptyFrames, nowMs);
    this.windowUpdates = new Allowance(limits.windowUpdates, nowMs);
  }

  frame(type: number, flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (type === FrameType.settings) this.settings(flags, id, buffer, start, end);
    else if (type === FrameType.windowUpdate) this.windowUpdate(id, buffer, start, end);
    else if (type === FrameType.ping) this.ping(flags, id, buffer, start, end);
    else if (type === FrameType.rstStream) this.rstStream(id, end - start);
    else if (type === FrameType.goaway) this.goaway(id, end - start);
    else if (type === FrameType.priority) this.priority(id, buffer, start, end);
    // RFC 9113, 8.4: a client can't push.
    else if (type === FrameType.pushPromise) throw protocolError('PUSH_PROMISE from a client');
    // RFC 9113, 5.5: unknown types are ignored.
    else this.emptyFrame();
  }

  /** A frame without use, of which there may be some. */
  emptyFrame(): void {
    this.take(this.emptyFrames, 'empty_frame_flood');
  }

  /** A call cancelled as soon as it began, or an error that the peer provoked: the rapid reset attacks. */
  rapidReset(): void {
    this.take(this.resets, 'rapid_reset');
  }

  private take(allowance: Allowance, kind: AbuseKind): void {
    const { nowMs, sender, onAbuse } = this.connection;
    if (allowance.take(nowMs, sender.answers)) return;
    onAbuse(kind);
    throw new ConnectionError(ErrorCode.enhanceYourCalm, kind);
  }

  /** RFC 9113, 6.5. */
  private settings(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (id !== 0) throw protocolError('SETTINGS on a stream');
    const ack = (flags & Flag.ack) !== 0;
    if (ack ? end !== start : (end - start) % 6 !== 0) throw frameSizeError('SETTINGS');
    this.take(this.settingsChanges, 'settings_flood');
    if (ack) return;
    const { sender, streams } = this.connection;
    const initialWindow = sender.initialWindow;
    for (let at = start; at < end; at += 6) {
      this.setting((buffer[at]! << 8) | buffer[at + 1]!, readUint32(buffer, at + 2));
    }
    this.settingsSeen = true;
    // Once, however often the frame names it: each time is a loop over the streams.
    if (sender.initialWindow !== initialWindow) sender.setInitialWindow(sender.initialWindow, streams.open.values());
    sender.control(FrameType.settings, Flag.ack, 0, noPayload);
    // What larger windows let go comes after the word that they are in force.
    sender.pumpAll();
  }

  /** RFC 9113, 6.5.2; what a server has no use for is ignored. */
  private setting(name: number, value: number): void {
    const { sender } = this.connection;
    if (name === Setting.headerTableSize) sender.encoder.setPeerLimit(value);
    else if (name === Setting.enablePush) {
      if (value > 1) throw protocolError('SETTINGS_ENABLE_PUSH above 1');
    } else if (name === Setting.initialWindowSize) {
      if (value > greatestWindow) {
        throw new ConnectionError(ErrorCode.flowControlError, 'SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1');
      }
      sender.initialWindow = value;
    } else if (name === Setting.maxFrameSize) {
      if (value < leastMaxFrameSize || value > greatestMaxFrameSize) throw protocolError('SETTINGS_MAX_FRAME_SIZE');
      sender.maxFrameSize = value;
    }
  }

  /** RFC 9113, 6.9. */
  private windowUpdate(id: number, buffer: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw frameSizeError('WINDOW_UPDATE');
    const { connection } = this;
    const bytes = readUint31(buffer, start);
    this.take(this.windowUpdates, 'window_update_flood');
    if (id === 0) {
      if (bytes === 0) throw protocolError('WINDOW_UPDATE of nothing');
      return connection.sender.grantConnection(bytes);
    }
    const stream = connection.streams.open.get(id);
    if (stream === undefined) {
      if (connection.streams.whyAbsent(id) === 'idle') throw protocolError('WINDOW_UPDATE on an idle stream');
      return;
    }
    if (bytes === 0) connection.fault(stream, ErrorCode.protocolError);
    else if (!connection.sender.grantStream(stream, bytes)) connection.fault(stream, ErrorCode.flowControlError);
  }

  /** RFC 9113, 6.7. */
  private ping(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (id !== 0) throw protocolError('PING on a stream');
    if (end - start !== 8) throw frameSizeError('PING');
    if ((flags & Flag.ack) !== 0) return this.connection.closing.refuseNew();
    this.take(this.pings, 'ping_flood');
    this.connection.sender.control(FrameType.ping, Flag.ack, 0, buffer.subarray(start, end));
  }

  /** RFC 9113, 6.4. */
  private rstStream(id: number, length: number): void {
    if (length !== 4) throw frameSizeError('RST_STREAM');
    const { connection } = this;
    const stream = connection.streams.open.get(id);
    if (stream === undefined) {
      if (connection.streams.whyAbsent(id) === 'idle') throw protocolError('RST_STREAM on an idle stream');
      return this.emptyFrame();
    }
    connection.forget(stream);
    stream.aborted();
    if (connection.nowMs - stream.openedAtMs < connection.limits.youngMs) this.rapidReset();
  }

  /** RFC 9113, 6.8. */
  private goaway(id: number, length: number): void {
    if (id !== 0) throw protocolError('GOAWAY on a stream');
    if (length < 8) throw frameSizeError('GOAWAY');
    this.peerIsLeaving = true;
  }

  /** RFC 9113, 6.3: deprecated, checked for its form and ignored. */
  private priority(id: number, buffer: Buffer, start: number, end: number): void {
    if (id === 0) throw protocolError('PRIORITY without a stream');
    if (end - start !== 5) return this.connection.faultById(id, ErrorCode.frameSizeError);
    if (readUint31(buffer, start) === id) return this.connection.faultById(id, ErrorCode.protocolError);
    this.emptyFrame();
  }
}

const noPayload = new Uint8Array(0);

function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.protocolError, message);
}

function frameSizeError(frame: string): ConnectionError {
  return new ConnectionError(ErrorCode.frameSizeError, `${frame} of a wrong length`);
}
