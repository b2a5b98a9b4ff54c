import type { BatchClock } from './batch-clock.ts';
import { isShort } from './budgets.ts';
import type { Budgets } from './budgets.ts';
import { ErrorCode } from './error-code.ts';
import type { FrameReader } from './frame-reader.ts';
import type { Limits } from './limits.ts';
import type { PeerSettings } from './peer-settings.ts';
import type { RequestFrames } from './request-frames.ts';
import type { Sender } from './sender.ts';
import type { Shutdown } from './shutdown.ts';
import type { Streams } from './streams.ts';
import type { TransportObserver } from './transport-events.ts';

/** How long anything may wait while shared budgets are low: a longer wait would keep them from others. */
const PRESSED_TIMEOUT_MS = 1000;

export interface TimeoutsPorts {
  readonly limits: Limits;
  readonly budgets: Budgets;
  readonly observer: TransportObserver;
  readonly clock: BatchClock;
  readonly reader: FrameReader;
  readonly settings: PeerSettings;
  readonly requests: RequestFrames;
  readonly sender: Sender;
  readonly streams: Streams;
  readonly shutdown: Shutdown;
}

/** Ends what takes longer than the limits allow. */
export class Timeouts {
  readonly #ports: TimeoutsPorts;
  readonly #openedAtMs: number;
  #lastReceivedMs: number;
  /** The octets that the socket had passed on when it last made progress, or had nothing to pass on. */
  #taken = 0;
  #takenAtMs: number;

  constructor(ports: TimeoutsPorts) {
    this.#ports = ports;
    this.#openedAtMs = this.#lastReceivedMs = this.#takenAtMs = ports.clock.nowMs;
  }

  /** The peer has sent something. */
  received(): void {
    this.#lastReceivedMs = this.#ports.clock.nowMs;
  }

  /** To be called about once a second. */
  sweep(): void {
    const { budgets, clock, shutdown, limits, sender, settings, streams } = this.#ports;
    const { nowMs } = clock;
    if (shutdown.hasEnded) return;
    const most = isShort(budgets) ? PRESSED_TIMEOUT_MS : Infinity;
    if (!settings.seen) {
      if (nowMs - this.#openedAtMs > limits.handshakeTimeoutMs) shutdown.giveUp('slow_handshake');
    } else if (nowMs - Math.min(sender.stalledSinceMs, this.#unreadSinceMs()) > Math.min(most, limits.stallTimeoutMs)) {
      shutdown.giveUp('stalled_reader');
    } else if (nowMs - this.#partialSinceMs > Math.min(most, limits.requestTimeoutMs) && !sender.isCongested) {
      shutdown.giveUp('slow_request');
    } else if (streams.open.size > 0) {
      for (const stream of streams.open.values()) stream.expire();
      this.#endSlowRequests(Math.min(most, limits.requestTimeoutMs));
    } else if (nowMs - this.#lastReceivedMs > limits.idleTimeoutMs) shutdown.drain();
  }

  /** Since when the peer takes nothing of what the socket has for it. Infinity: it has nothing. */
  #unreadSinceMs(): number {
    const { clock, sender } = this.#ports;
    const { backlog, taken } = sender.writer.output;
    if (backlog > 0 && taken === this.#taken) return this.#takenAtMs;
    this.#taken = taken;
    this.#takenAtMs = clock.nowMs;
    return Infinity;
  }

  /** When the frame or header block began that is not whole yet. Infinity: none. */
  get #partialSinceMs(): number {
    const { requests, reader } = this.#ports;
    return requests.openBlock?.sinceMs ?? reader.partialSinceMs;
  }

  #endSlowRequests(timeoutMs: number): void {
    const { clock, observer, streams } = this.#ports;
    for (const stream of streams.open.values()) {
      // The map is in the order of opening.
      if (clock.nowMs - stream.openedAtMs <= timeoutMs) return;
      if (stream.remoteClosed || !stream.expectsEndSoon) continue;
      observer.onAbuse('slow_request');
      streams.reset(stream, ErrorCode.cancel);
    }
  }
}
