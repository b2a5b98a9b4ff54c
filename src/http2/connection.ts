import type { Duplex } from 'node:stream';
import type { Application } from './application.ts';
import { BatchClock } from './batch-clock.ts';
import { createBudgets } from './budgets.ts';
import type { Budgets } from './budgets.ts';
import { ControlFrames } from './control-frames.ts';
import { TurnWork } from './fair-turns.ts';
import type { FairTurns } from './fair-turns.ts';
import { FloodGuard } from './flood-guard.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import { IncomingFrames } from './incoming-frames.ts';
import { Input } from './input.ts';
import type { Limits } from './limits.ts';
import { Output } from './output.ts';
import { PeerSettings } from './peer-settings.ts';
import { RequestFrames } from './request-frames.ts';
import { Sender } from './sender.ts';
import { writeServerPreface } from './server-preface.ts';
import { Shutdown } from './shutdown.ts';
import { Streams } from './streams.ts';
import { Timeouts } from './timeouts.ts';
import type { TransportObserver } from './transport-events.ts';
import { WriteScheduler } from './write-scheduling.ts';

export interface ConnectionSettings {
  readonly limits: Limits;
  readonly observer: TransportObserver;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Those of the process; absent: its own. */
  readonly budgets?: Budgets;
}

/** `chunk[at..end)`. */
interface Rest {
  readonly chunk: Buffer;
  readonly at: number;
  readonly end: number;
  readonly mayBeMore: boolean;
}

/**
 * The server's end of one HTTP/2 connection (RFC 9113) on any duplex stream of octets: assembles its parts and passes
 * each batch through them.
 */
export class Connection {
  readonly sender: Sender;
  readonly streams: Streams;
  readonly #socket: Duplex;
  readonly #observer: TransportObserver;
  readonly #clock: BatchClock;
  readonly #writes: WriteScheduler;
  readonly #reader: FrameReader;
  readonly #input: Input;
  readonly #requests: RequestFrames;
  readonly #timeouts: Timeouts;
  readonly #shutdown: Shutdown;
  readonly #turns: FairTurns;
  readonly #work: TurnWork;
  /** Octets that were read and wait for a later turn; nothing more is read until then. */
  #rest: Rest | undefined;
  #isWaiting = false;

  constructor(socket: Duplex, application: Application, { limits, observer, now, budgets }: ConnectionSettings) {
    const clock = new BatchClock(now);
    const shared = budgets ?? createBudgets(limits, clock.nowMs);
    const memory = shared.bufferedBytes.share();
    const guarded = (act: () => void): void => this.#guarded(act);
    const flush = (): void => this.#flush();
    const work = new TurnWork();
    const writes = new WriteScheduler(() => guarded(flush));
    const retainInput = (): void => this.#input.retain();
    const onOverflow = (): void => this.#shutdown.giveUp('answer_queue_full');

    const writer = new FrameWriter(new Output(socket), new HpackEncoder(application.keptFields));
    const sender = new Sender({ limits, clock, writer, memory, onOverflow });
    const floods = new FloodGuard({ limits, clock, work: sender });
    const streams = new Streams(application, {
      limits,
      observer,
      clock,
      writes,
      work,
      sender,
      floods,
      memory,
      budgets: shared,
      guarded,
      retainInput,
      socket,
    });
    const shutdown = new Shutdown({ socket, observer, writes, writer, streams });

    const settings = new PeerSettings({ sender, streams, floods });
    const control = new ControlFrames({ limits, clock, sender, streams, floods, shutdown, settings });
    const { keepsAllFields } = application;
    const requests = new RequestFrames({ limits, clock, writer, streams, floods, memory, keepsAllFields });
    const reader = new FrameReader(new IncomingFrames({ shutdown, settings, requests, control }), memory, work);
    const timeouts = new Timeouts({
      limits,
      budgets: shared,
      observer,
      clock,
      reader,
      settings,
      requests,
      sender,
      streams,
      shutdown,
    });

    const input = new Input(socket, (chunk, end, mayBeMore) => this.#receive(chunk, end, mayBeMore), memory);
    this.#socket = socket;
    this.#observer = observer;
    this.#clock = clock;
    this.#writes = writes;
    this.sender = sender;
    this.streams = streams;
    this.#shutdown = shutdown;
    this.#requests = requests;
    this.#reader = reader;
    this.#input = input;
    this.#timeouts = timeouts;
    this.#turns = shared.turns;
    this.#work = work;

    observer.counters.connectionsOpened++;
    writeServerPreface(writer, limits);
    socket.on('drain', () => this.#guarded(() => this.#resume()));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      observer.counters.connectionsClosed++;
      shutdown.ended();
      this.#rest = undefined;
      reader.release();
      requests.release();
      input.release();
      sender.release();
    });
  }

  /** The socket has delivered octets. */
  #receive(chunk: Buffer, end: number, mayBeMore: boolean): void {
    if (this.#shutdown.hasEnded) return;
    this.#clock.tick();
    this.#timeouts.received();
    this.#observer.counters.bytesRead += end;
    if (this.#turns.isOpen) this.#batch(chunk, 0, end, mayBeMore);
    else this.#holdBack({ chunk, at: 0, end, mayBeMore });
  }

  /** One batch: what the socket delivered at once, or as much of it as may be done at once. What it causes is written at once. */
  #batch(chunk: Buffer, from: number, end: number, mayBeMore: boolean): void {
    const work = this.#work;
    const before = work.left;
    let at = end;
    this.#writes.begin();
    try {
      at = this.#reader.push(chunk, from, end, this.#clock.nowMs);
      if (!this.#shutdown.hasEnded) this.#requests.replenish();
    } catch (error) {
      this.#shutdown.fail(error);
    }
    this.#writes.end();
    const done = before - work.left;
    work.did(done, this.#clock.nowMs);
    this.#turns.spend(done);
    if (at < end || (mayBeMore && work.left < 0)) this.#holdBack({ chunk, at, end, mayBeMore });
    else if (!mayBeMore) work.refill();
  }

  /** Others come first. */
  #holdBack(rest: Rest): void {
    if (this.#shutdown.hasEnded) return;
    this.#rest = rest;
    this.#input.hold();
    this.#socket.pause();
    this.#waitForTurn();
  }

  #waitForTurn(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#turns.wait(this.#work, () => {
      this.#isWaiting = false;
      this.#guarded(() => this.#goOn());
    });
  }

  #goOn(): void {
    const rest = this.#rest;
    // Where the socket is congested, 'drain' goes on.
    if (rest === undefined || this.#shutdown.hasEnded || this.sender.isCongested) return;
    this.#rest = undefined;
    this.#work.refill();
    this.#clock.tick();
    if (rest.at < rest.end) this.#batch(rest.chunk, rest.at, rest.end, rest.mayBeMore);
    if (this.#rest !== undefined) return;
    this.#input.letGo();
    if (!this.sender.isCongested) this.#socket.resume();
  }

  /** A fault of ours ends this connection, not the process. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#shutdown.fail(error);
    }
  }

  #flush(): void {
    const { sender } = this;
    const shutdown = this.#shutdown;
    const { output } = sender.writer;
    shutdown.closeIfDone();
    output.flush();
    this.#observer.counters.bytesWritten += output.takeWritten();
    if (!sender.account()) return shutdown.giveUp('answer_queue_full');
    // Nothing more is read from a peer that does not read: 'drain' goes on.
    if (!sender.isCongested) return;
    sender.stall();
    this.#socket.pause();
  }

  /** The socket takes more. */
  #resume(): void {
    this.#clock.tick();
    this.sender.unstall();
    this.sender.pumpAll();
    this.#flush();
    if (this.sender.isCongested) return;
    if (this.#rest === undefined) this.#socket.resume();
    else this.#waitForTurn();
  }

  /** Sends GOAWAY, lets calls in flight end, then closes the connection. */
  drain(): void {
    this.#shutdown.drain();
  }

  /** To be called about once a second: ends what takes too long. */
  sweep(): void {
    this.#clock.tick();
    this.#input.relax();
    this.#guarded(() => this.#timeouts.sweep());
  }
}
