import type { Duplex } from 'node:stream';
import { Allowance } from './allowance.ts';
import { Closing } from './closing.ts';
import { ControlFrames } from './control-frames.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import { FrameType } from './frame.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { greet } from './greeting.ts';
import type { HeaderField } from './header-field.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import { Input } from './input.ts';
import type { Limits } from './limits.ts';
import type { AbuseKind, TransportObserver } from './observer.ts';
import { Output } from './output.ts';
import { giveUp, sweep } from './patience.ts';
import type { RequestHead } from './request-head.ts';
import { RequestFrames } from './request-frames.ts';
import { Sender } from './sender.ts';
import type { Stream, StreamHost } from './stream.ts';
import { StreamTable } from './stream-table.ts';

/** What is served on the connections of a listener. */
export interface Application {
  /** Fields that most answers have: kept in each peer's HPACK table. */
  readonly keptFields: ReadonlySet<HeaderField>;
  /** Called once a connection; what it returns is called for each request. */
  accept(host: StreamHost): (id: number, head: RequestHead) => Stream;
}

/** The server's end of one HTTP/2 connection (RFC 9113) on any duplex stream of octets. */
export class Connection implements FrameSink, StreamHost {
  readonly limits: Limits;
  readonly observer: TransportObserver;
  readonly onAbuse: (kind: AbuseKind) => void;
  readonly sender: Sender;
  readonly control: ControlFrames;
  readonly streams: StreamTable;
  readonly inflation: Allowance;
  readonly closing = new Closing(this);
  readonly socket: Duplex;
  nowMs: number;
  lingering = 0;
  bufferedRequestBytes = 0;
  private readonly now: () => number;
  private readonly input: Input;
  private readonly reader = new FrameReader(this);
  private readonly requests: RequestFrames;
  private readonly openRequest: (id: number, head: RequestHead) => Stream;
  private readonly openedAtMs: number;
  private lastReceivedMs: number;
  private inBatch = false;
  private flushScheduled = false;

  constructor(
    socket: Duplex,
    application: Application,
    settings: { limits: Limits; observer: TransportObserver; now: () => number },
  ) {
    this.socket = socket;
    this.limits = settings.limits;
    this.observer = settings.observer;
    this.now = settings.now;
    this.nowMs = this.openedAtMs = this.lastReceivedMs = settings.now();
    this.onAbuse = (kind) => settings.observer.onAbuse(kind);
    this.sender = new Sender(new Output(socket), new HpackEncoder(application.keptFields), settings.limits);
    this.streams = new StreamTable(settings.limits.maxConcurrentStreams);
    this.inflation = new Allowance(settings.limits.inflatedBytes, this.nowMs);
    this.control = new ControlFrames(this);
    this.requests = new RequestFrames(this);
    this.openRequest = application.accept(this);
    this.observer.counters.connectionsOpened++;
    greet(this.sender, this.limits);
    this.input = new Input(socket, (chunk, end) => this.receive(chunk, end));
    socket.on('drain', () => this.guarded(() => this.resume()));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.observer.counters.connectionsClosed++;
      this.closing.ended();
    });
  }

  private get hasEnded(): boolean {
    return this.closing.state === 'ended';
  }

  /** One batch: what the socket delivered at once. What it causes is written at once. */
  private receive(chunk: Buffer, end: number): void {
    if (this.hasEnded) return;
    this.nowMs = this.lastReceivedMs = this.now();
    this.observer.counters.bytesRead += end;
    this.inBatch = true;
    try {
      this.reader.push(chunk, end, this.nowMs);
      if (!this.hasEnded) this.requests.replenish();
    } catch (error) {
      this.closing.fail(error);
    }
    this.inBatch = false;
    this.flush();
  }

  /** A fault of ours ends this connection, not the process. */
  guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.closing.fail(error);
    }
  }

  frame(type: number, flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (this.hasEnded) return;
    const { requests } = this;
    if (requests.openBlock !== undefined && (type !== FrameType.continuation || id !== requests.openBlock.streamId)) {
      throw new ConnectionError(ErrorCode.protocolError, 'a header block is open: only its CONTINUATION may follow');
    }
    // RFC 9113, 3.4.
    if (!this.control.settingsSeen && type !== FrameType.settings) {
      throw new ConnectionError(ErrorCode.protocolError, 'the first frame is not SETTINGS');
    }
    if (type === FrameType.data) requests.data(flags, id, buffer, start, end);
    else if (type === FrameType.headers) requests.headers(flags, id, buffer, start, end);
    else if (type === FrameType.continuation) requests.continuation(flags, id, buffer, start, end);
    else this.control.frame(type, flags, id, buffer, start, end);
  }

  open(id: number, head: RequestHead, ended: boolean, selfish: boolean): void {
    const { streams } = this;
    streams.use(id);
    if (id > this.closing.lastServed) return;
    if (selfish || head.isMalformed || (ended && head.contentLength > 0)) {
      return this.resetAbsent(id, ErrorCode.protocolError);
    }
    if (streams.open.size + this.lingering >= this.limits.maxConcurrentStreams) {
      this.onAbuse('too_many_streams');
      // The peer can't know of calls that linger: streams refused for them are no fault of its.
      return this.resetAbsent(id, ErrorCode.refusedStream, streams.open.size >= this.limits.maxConcurrentStreams);
    }
    if (head.isTooLarge) this.onAbuse('header_list_too_large');
    this.observer.counters.streamsOpened++;
    const stream = this.openRequest(id, head);
    streams.open.set(id, stream);
    stream.remoteClosed = ended;
    stream.start();
    if (ended && !stream.gone) stream.end();
  }

  touch(): void {
    if (this.inBatch || this.flushScheduled) return;
    this.flushScheduled = true;
    process.nextTick(() => {
      this.flushScheduled = false;
      this.guarded(() => this.flush());
    });
  }

  private flush(): void {
    const { output } = this.sender;
    this.closing.closeIfDone();
    output.flush();
    this.observer.counters.bytesWritten += output.takeWritten();
    // Nothing more is read from a peer that does not read: 'drain' goes on.
    if (!this.sender.isCongested) return;
    this.sender.stalledSinceMs = Math.min(this.sender.stalledSinceMs, this.nowMs);
    this.socket.pause();
  }

  private resume(): void {
    this.nowMs = this.now();
    this.sender.unstall(this.nowMs);
    this.sender.pumpAll();
    this.flush();
    if (!this.sender.isCongested) this.socket.resume();
  }

  finished(stream: Stream): void {
    // RFC 9113, 8.1: the answer is whole, and the rest of the request has no use.
    if (!stream.remoteClosed) this.writeReset(stream.id, ErrorCode.noError);
    this.forget(stream);
  }

  forget(stream: Stream): void {
    stream.gone = true;
    this.streams.open.delete(stream.id);
    this.sender.forget(stream);
  }

  overflowed(): void {
    giveUp(this, 'answer_queue_full');
  }

  reset(stream: Stream, code: ErrorCode): void {
    if (stream.gone) return;
    this.observer.counters.streamErrors++;
    this.writeReset(stream.id, code);
    this.forget(stream);
    stream.aborted();
    this.touch();
  }

  /** A stream error that the peer made us make: it may not make many. */
  fault(stream: Stream, code: ErrorCode): void {
    this.reset(stream, code);
    this.control.rapidReset();
  }

  faultById(id: number, code: ErrorCode): void {
    const stream = this.streams.open.get(id);
    if (stream === undefined) throw new ConnectionError(code, 'a bad frame on a stream that is not open');
    this.fault(stream, code);
  }

  resetAbsent(id: number, code: ErrorCode, isFault = true): void {
    this.observer.counters.streamErrors++;
    this.writeReset(id, code);
    if (isFault) this.control.rapidReset();
  }

  private writeReset(id: number, code: ErrorCode): void {
    this.sender.controlNumber(FrameType.rstStream, id, code);
    this.streams.rememberReset(id);
  }

  retainInput(): void {
    this.input.retain();
  }

  credit(stream: Stream, bytes: number): void {
    stream.receiveWindow += bytes;
    this.sender.controlNumber(FrameType.windowUpdate, stream.id, bytes);
    this.touch();
  }

  creditConnection(bytes: number): void {
    this.sender.controlNumber(FrameType.windowUpdate, 0, bytes);
  }

  /** The peer is told to go, calls in flight end, then the connection closes. */
  drain(): void {
    this.closing.drain();
  }

  /** To be called about once a second: ends what takes too long. */
  sweep(): void {
    this.nowMs = this.now();
    const { openedAtMs, lastReceivedMs, reader, requests } = this;
    const partialSinceMs = requests.openBlock?.sinceMs ?? reader.partialSinceMs;
    this.guarded(() => sweep(this, { openedAtMs, lastReceivedMs, partialSinceMs }));
  }
}
