import type { Rate } from './limits.ts';

/** A bucket of tokens that time and useful work refill. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #seenMs: number;
  #seenAnswers = 0;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#seenMs = nowMs;
  }

  /**
   * @param answers how many answers the connection has given since its start
   * @param amount how many at once; 0 asks and takes none
   * @returns false if the peer has done it too often.
   */
  take(nowMs: number, answers: number, amount = 1): boolean {
    const { burst, perSecond, perAnswer } = this.#rate;
    const earned = ((nowMs - this.#seenMs) * perSecond) / 1000 + (answers - this.#seenAnswers) * perAnswer;
    this.#tokens = Math.min(burst, this.#tokens + earned) - amount;
    this.#seenMs = nowMs;
    this.#seenAnswers = answers;
    return this.#tokens >= 0;
  }
}
