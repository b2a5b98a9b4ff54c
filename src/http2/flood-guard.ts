import type { BatchClock } from './batch-clock.ts';
import { enough } from './error-code.ts';
import type { Limits } from './limits.ts';
import { TokenBucket } from './token-bucket.ts';
import type { AbuseKind } from './transport-events.ts';

/** Work done for the peer, against which its frames are weighed. */
export interface WorkDone {
  readonly answers: number;
}

export interface FloodGuardPorts {
  readonly limits: Limits;
  readonly clock: BatchClock;
  readonly work: WorkDone;
}

/**
 * Counts the frames that cost a peer nothing but cost the server work (RFC 9113, 10.5). Each method counts one frame;
 * more than a working peer sends is a connection error.
 */
export class FloodGuard {
  readonly #ports: FloodGuardPorts;
  readonly #resets: TokenBucket;
  readonly #pings: TokenBucket;
  readonly #settingsChanges: TokenBucket;
  readonly #emptyFrames: TokenBucket;
  readonly #windowUpdates: TokenBucket;

  constructor(ports: FloodGuardPorts) {
    const { limits, clock } = ports;
    this.#ports = ports;
    this.#resets = new TokenBucket(limits.resets, clock.nowMs);
    this.#pings = new TokenBucket(limits.pings, clock.nowMs);
    this.#settingsChanges = new TokenBucket(limits.settings, clock.nowMs);
    this.#emptyFrames = new TokenBucket(limits.emptyFrames, clock.nowMs);
    this.#windowUpdates = new TokenBucket(limits.windowUpdates, clock.nowMs);
  }

  /** A frame without use; some of them are allowed. */
  emptyFrame(): void {
    this.#take(this.#emptyFrames, 'empty_frame_flood');
  }

  /** A call that was cancelled right after its start, or an error that the peer caused: rapid reset attacks. */
  rapidReset(): void {
    this.#take(this.#resets, 'rapid_reset');
  }

  ping(): void {
    this.#take(this.#pings, 'ping_flood');
  }

  settings(): void {
    this.#take(this.#settingsChanges, 'settings_flood');
  }

  windowUpdate(): void {
    this.#take(this.#windowUpdates, 'window_update_flood');
  }

  #take(bucket: TokenBucket, kind: AbuseKind): void {
    const { clock, work } = this.#ports;
    if (!bucket.take(clock.nowMs, work.answers)) throw enough(kind);
  }
}
