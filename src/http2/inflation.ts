import type { BatchClock } from './batch-clock.ts';
import type { TurnWork } from './fair-turns.ts';
import type { TokenBucket } from './token-bucket.ts';

/** Unpacking this many octets takes as long as one unit of other work. */
const OCTETS_OF_UNIT = 8 * 1024;

/**
 * Bounds what the compressed messages of one connection may unpack to: its own token bucket, and one for all
 * connections.
 */
export class Inflation {
  readonly #own: TokenBucket;
  readonly #shared: TokenBucket;
  readonly #clock: BatchClock;
  readonly #work: TurnWork;

  constructor(own: TokenBucket, shared: TokenBucket, clock: BatchClock, work: TurnWork) {
    this.#own = own;
    this.#shared = shared;
    this.#clock = clock;
    this.#work = work;
  }

  get isAllowed(): boolean {
    const { nowMs } = this.#clock;
    return this.#own.take(nowMs, 0, 0) && this.#shared.take(nowMs, 0, 0);
  }

  /** @param bytes what a message has unpacked to */
  spend(bytes: number): void {
    const { nowMs } = this.#clock;
    this.#own.take(nowMs, 0, bytes);
    this.#shared.take(nowMs, 0, bytes);
    this.#work.left -= bytes / OCTETS_OF_UNIT;
  }
}
