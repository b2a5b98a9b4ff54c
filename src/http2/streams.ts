import type { Duplex } from 'node:stream';
import type { Share } from '../listen/budget.ts';
import type { Application, OpenRequest } from './application.ts';
import type { BatchClock } from './batch-clock.ts';
import type { Budgets } from './budgets.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import type { TurnWork } from './fair-turns.ts';
import type { FloodGuard } from './flood-guard.ts';
import { FrameType } from './frame.ts';
import { Inflation } from './inflation.ts';
import type { Limits } from './limits.ts';
import type { RequestHead } from './request-head.ts';
import type { Sender } from './sender.ts';
import { StreamIds } from './stream-ids.ts';
import type { Stream, StreamHost } from './stream.ts';
import { TokenBucket } from './token-bucket.ts';
import type { TransportObserver } from './transport-events.ts';
import type { WriteScheduler } from './write-scheduling.ts';

/** Beginning a stream of more weight than one takes so much longer. */
const UNITS_OF_WEIGHT = 4;

export interface StreamsPorts {
  readonly limits: Limits;
  readonly observer: TransportObserver;
  readonly clock: BatchClock;
  readonly writes: WriteScheduler;
  readonly work: TurnWork;
  readonly sender: Sender;
  readonly floods: FloodGuard;
  readonly memory: Share;
  readonly budgets: Budgets;
  readonly guarded: (act: () => void) => void;
  readonly retainInput: () => void;
  readonly socket: Duplex;
}

/** The streams of one connection: how they begin, are faulted, reset and forgotten (RFC 9113, 5.1 and 5.4.2). */
export class Streams implements StreamHost {
  readonly open = new Map<number, Stream>();
  readonly ids: StreamIds;
  readonly observer: TransportObserver;
  readonly clock: BatchClock;
  readonly sender: Sender;
  readonly inflation: Inflation;
  readonly memory: Share;
  readonly guarded: (act: () => void) => void;
  readonly retainInput: () => void;
  readonly socket: Duplex;
  lingering = 0;
  bufferedRequestBytes = 0;
  readonly #share: Share;
  readonly #limits: Limits;
  readonly #writes: WriteScheduler;
  readonly #floods: FloodGuard;
  readonly #openRequest: OpenRequest;
  readonly #work: TurnWork;

  constructor(application: Application, ports: StreamsPorts) {
    this.#limits = ports.limits;
    this.observer = ports.observer;
    this.clock = ports.clock;
    this.#writes = ports.writes;
    this.sender = ports.sender;
    this.#floods = ports.floods;
    this.guarded = ports.guarded;
    this.retainInput = ports.retainInput;
    this.socket = ports.socket;
    this.ids = new StreamIds(ports.limits.maxConcurrentStreams);
    this.memory = ports.memory;
    this.#work = ports.work;
    this.#share = ports.budgets.streams.share();
    const own = new TokenBucket(ports.limits.inflatedBytes, ports.clock.nowMs);
    this.inflation = new Inflation(own, ports.budgets.inflation, ports.clock, ports.work);
    this.#openRequest = application.accept(this);
  }

  /**
   * A header block has opened a stream.
   * @param ended with END_STREAM
   * @param selfish it depends on itself, which is its own error (RFC 7540, 5.3.1)
   */
  begin(id: number, head: RequestHead, ended: boolean, selfish: boolean): void {
    this.ids.use(id);
    if (id > this.ids.lastServed) return;
    if (selfish || head.isMalformed || (ended && head.contentLength > 0)) {
      return this.refuse(id, ErrorCode.protocolError);
    }
    // RFC 9113, 5.1.2. Calls that were cancelled end soon: until then they take no place from others, up to as many.
    const most = this.#limits.maxConcurrentStreams;
    if (this.open.size >= most || this.open.size + this.lingering >= 2 * most) {
      this.observer.onAbuse('too_many_streams');
      // The peer can't know of calls that linger: streams refused for them are no fault of its.
      return this.refuse(id, ErrorCode.refusedStream, this.open.size >= most);
    }
    if (head.isTooLarge) this.observer.onAbuse('header_list_too_large');
    const stream = this.#openRequest(id, head);
    if (!this.#share.take(stream.weight)) {
      this.observer.onAbuse('too_many_streams');
      // The total is caused by other connections, so it is not this peer's fault.
      return this.refuse(id, ErrorCode.refusedStream, false);
    }
    this.observer.counters.streamsOpened++;
    this.open.set(id, stream);
    stream.remoteClosed = ended;
    this.#work.left -= (stream.weight - 1) * UNITS_OF_WEIGHT;
    stream.start();
    if (ended && !stream.gone) stream.end();
  }

  finished(stream: Stream): void {
    // RFC 9113, 8.1: the answer is whole, and the rest of the request has no use.
    if (!stream.remoteClosed) this.#writeReset(stream.id, ErrorCode.noError);
    this.#forget(stream);
  }

  /** The peer has reset the stream (RFC 9113, 6.4), or the connection has ended. */
  abort(stream: Stream): void {
    this.#forget(stream);
    stream.aborted();
  }

  abortAll(): void {
    for (const stream of this.open.values()) this.abort(stream);
  }

  #forget(stream: Stream): void {
    if (stream.gone) return;
    stream.gone = true;
    this.#share.give(stream.weight);
    this.open.delete(stream.id);
    this.sender.forget(stream);
  }

  reset(stream: Stream, code: ErrorCode): void {
    if (stream.gone) return;
    this.observer.counters.streamErrors++;
    this.#writeReset(stream.id, code);
    this.abort(stream);
    this.#writes.touch();
  }

  /** A stream error that the peer made us make: it may not make many. */
  fault(stream: Stream, code: ErrorCode): void {
    this.reset(stream, code);
    this.#floods.rapidReset();
  }

  faultById(id: number, code: ErrorCode): void {
    const stream = this.open.get(id);
    if (stream === undefined) throw new ConnectionError(code, 'a bad frame on a stream that is not open');
    this.fault(stream, code);
  }

  /** Resets a stream that is not open. */
  refuse(id: number, code: ErrorCode, isFault = true): void {
    this.observer.counters.streamErrors++;
    this.#writeReset(id, code);
    if (isFault) this.#floods.rapidReset();
  }

  #writeReset(id: number, code: ErrorCode): void {
    this.sender.writer.number(FrameType.rstStream, id, code);
    this.ids.rememberReset(id);
  }

  /** RFC 9113, 6.9. */
  credit(stream: Stream, bytes: number): void {
    stream.receiveWindow += bytes;
    this.sender.writer.number(FrameType.windowUpdate, stream.id, bytes);
    this.#writes.touch();
  }

  touch(): void {
    this.#writes.touch();
  }
}
