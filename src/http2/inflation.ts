import type { BatchClock } from './batch-clock.ts';
import type { TokenBucket } from './token-bucket.ts';

/** What compressed messages of one connection may unpack to: its own token bucket, and that of all together. */
export class Inflation {
  readonly #own: TokenBucket;
  readonly #shared: TokenBucket;
  readonly #clock: BatchClock;

  constructor(own: TokenBucket, shared: TokenBucket, clock: BatchClock) {
    this.#own = own;
    this.#shared = shared;
    this.#clock = clock;
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
  }
}
